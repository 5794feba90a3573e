# SPDX-License-Identifier: Apache-2.0
"""Readers of devices' messages and journals on arbitrary bytes: our errors alone. And no message of a stranger's makes
a machine faster."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.machines import frames, journal
from answerable.model.devices import Mode
from tests.fleet import key
from tests.property.test_warrants import values
from tests.small_site import COPY_KEY, DEVICE, DEVICE_KEY, Site, token

STRANGER = key("stranger")


def refused(call: Any, *args: Any) -> None:
    with pytest.raises(VerificationError) as error:
        call(*args)
    assert error.value.code in ("device.malformed", "device.forged")


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    refused(frames.read_ask, data)
    refused(frames.read_say, data, DEVICE_KEY.public)
    if data.splitlines():
        refused(journal.read, data, DEVICE_KEY.public)


@given(st.sampled_from(["beat", "body", "by", "dev", "kind", "re", "seq", "sig", "v"]), values)
def test_any_member(name: str, value: Any) -> None:
    members = json.loads(frames.ask("stop", {}, dev=DEVICE, re="r", seq=1, beat=1, signer=COPY_KEY))
    members[name] = value
    try:
        data = json.dumps(members).encode("utf-8", "surrogatepass")
    except ValueError:
        return
    try:
        message = frames.read_ask(data)
    except VerificationError as error:
        assert error.code == "device.malformed"  # noqa: PT017
    else:
        assert message.v == 1


asks = st.tuples(
    st.sampled_from(["lease", "command", "stop", "state", "takeover", "tell"]),
    st.dictionaries(
        st.sampled_from(["warrant", "envelope", "run", "speed", "order", "hand"]),
        st.integers(-3_000, 3_000) | st.sampled_from(["take", "give", "reset", "x"]) | st.none(),
        max_size=3,
    ),
    st.sampled_from([None, STRANGER]),
    st.integers(0, 600),
)


@given(st.lists(asks | st.binary(max_size=20), max_size=8))
def test_no_stranger_makes_it_faster(messages: list[Any]) -> None:
    site = Site()
    site.lease(token(site.clock.now))
    site.command(500)
    for _ in range(20):
        site.turn()
    for message in messages:
        before = site.machine.state(site.clock.now, site.clock.mono)
        if isinstance(message, bytes):
            site.machine.ask(message, site.clock.now, site.clock.mono)
        else:
            kind, body, signer, age = message
            site.ask(kind, body, by=signer, beat=site.clock.mono - age)
        after = site.machine.state(site.clock.now, site.clock.mono)
        assert abs(after.wanted) <= abs(before.wanted)
        assert after.mode in (before.mode, Mode.STOPPING, Mode.STOPPED)
        assert (after.person, after.run) in ((before.person, before.run), (before.person, 0))
        site.turn()
