# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from answerable.crypto import canonical
from answerable.crypto.b64 import b64u
from answerable.errors import VerificationError
from answerable.machines import frames
from answerable.model.devices import DeviceState, Mode
from tests.small_site import COPY_KEY, DEVICE, DEVICE_KEY, PERSON_KEY

STATE = DeviceState(
    device=DEVICE, mode=Mode.LIVE, beat=7, x=-3, y=0, speed=-5, wanted=-5, standstill=False, powered=True
)


def asked(**changed: Any) -> bytes:
    given: dict[str, Any] = {"dev": DEVICE, "re": "r", "seq": 1, "beat": 2, "by": "", "signer": COPY_KEY, **changed}
    return frames.ask("command", {"speed": -5}, **given)


def code(call: Any, *args: Any) -> str:
    with pytest.raises(VerificationError) as error:
        call(*args)
    return error.value.code


def test_what_is_asked_is_by_who_signed_it() -> None:
    message = frames.read_ask(asked())
    frames.check_ask(message, COPY_KEY.public)
    assert (message.kind, message.body, message.beat, message.seq) == ("command", {"speed": -5}, 2, 1)
    assert code(frames.check_ask, message, PERSON_KEY.public) == "device.forged"
    assert code(frames.check_ask, frames.read_ask(asked(signer=None)), COPY_KEY.public) == "device.forged"


@pytest.mark.parametrize("name", ["beat", "body", "by", "dev", "kind", "re", "seq"])
def test_every_member_is_signed(name: str) -> None:
    members = json.loads(asked())
    members[name] = {"body": {"speed": 5}, "kind": "stop"}.get(name, 9 if isinstance(members[name], int) else "z")
    message = frames.read_ask(canonical.dumps(members))
    assert code(frames.check_ask, message, COPY_KEY.public) == "device.forged"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"x" * 70_000, b'{"v":1}'])
def test_what_is_no_message(data: bytes) -> None:
    assert code(frames.read_ask, data) == "device.malformed"
    assert code(frames.read_say, data, DEVICE_KEY.public) == "device.malformed"


def test_what_a_device_says_is_by_its_key() -> None:
    data = frames.say(STATE, DEVICE_KEY, re="r", code="device.limit", params={"what": "zone"})
    said = frames.read_say(data, DEVICE_KEY.public)
    assert (said.state, said.code, said.params) == (STATE, "device.limit", {"what": "zone"})
    assert code(frames.read_say, data, COPY_KEY.public) == "device.forged"
    assert code(frames.read_say, data.replace(b'"standstill":false', b'"standstill":true'), DEVICE_KEY.public) == (
        "device.forged"
    )


def test_a_device_of_before_that_says_less_is_understood() -> None:
    members = json.loads(frames.say(STATE, DEVICE_KEY, re="r", params={}))
    del members["sig"], members["state"]["unsafe"]
    sig = b64u(DEVICE_KEY.sign(frames.SAY + b"\x00" + canonical.dumps(members)))
    assert frames.read_say(canonical.dumps({**members, "sig": sig}), DEVICE_KEY.public).state == STATE


def test_an_id_is_of_a_key() -> None:
    assert len(DEVICE) == 26
    assert frames.device_id(COPY_KEY.public) != DEVICE
    assert frames.topics(DEVICE) == (f"answerable/device/{DEVICE}/ask", f"answerable/device/{DEVICE}/say")
