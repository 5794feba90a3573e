# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from answerable.admission import orders, pulse
from answerable.admission.trust import Trust
from answerable.crypto import canonical
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, VerificationError
from tests.unit.admission.a_stop import (
    ANNA,
    ANNA_KID,
    ISSUER,
    KID,
    ORIGIN,
    PULSE,
    PULSE_KID,
    STRANGER,
    T0,
    TRUST,
    beat,
    issued,
    order,
)


def code(data: bytes, trust: Trust = TRUST) -> str:
    with pytest.raises(AnswerableError) as error:
        pulse.read(data, trust)
    return error.value.code


def changed(data: bytes, **members: Any) -> bytes:
    whole = {**json.loads(data), **members}
    return canonical.dumps({name: value for name, value in whole.items() if value is not ...})


def test_comes_back_as_it_was() -> None:
    message = issued(order(7), 7, epoch=1)
    made = pulse.Pulse("spiffe://demo.invalid/pulse/main", ORIGIN, 4, T0, 10_000, 1, "0" * 64, (message,))
    assert pulse.read(pulse.make(made, PULSE, PULSE_KID), TRUST) == made


def test_only_the_pulses_own_key() -> None:
    assert code(beat(signer=STRANGER)) == "pulse.forged"
    assert code(beat(signer=ISSUER, kid=KID)) == "pulse.forged"
    assert code(beat(kid="pulse-2")) == "pulse.forged"
    assert code(beat(), Trust(ORIGIN, issuers={PULSE_KID: PULSE.public})) == "pulse.forged"


def test_another_log() -> None:
    assert code(beat(origin="other.invalid/log")) == "pulse.origin"


@pytest.mark.parametrize(
    "members",
    [
        {"seq": 2},
        {"at": T0 + 1},
        {"valid_for": 10_001},
        {"epoch": 1},
        {"stop_root": "1" * 64},
        {"delta": [{}]},
        {"iss": "spiffe://demo.invalid/pulse/other"},
        {"sig": b64u(bytes(64))},
    ],
)
def test_whatever_is_changed_it_is_forged(members: dict[str, Any]) -> None:
    assert code(changed(beat(), **members)) == "pulse.forged"


@pytest.mark.parametrize(
    "members",
    [
        {"seq": 0},
        {"seq": True},
        {"valid_for": 0},
        {"valid_for": pulse.MAX_VALID_MS + 1},
        {"v": 2},
        {"v": ...},
        {"more": 1},
        {"at": -1},
        {"stop_root": "0" * 63},
        {"stop_root": "A" * 64},
        {"delta": ["text"]},
        {"delta": [{}] * (pulse.MAX_DELTA + 1)},
        {"iss": ""},
        {"iss": "a\nb"},
    ],
)
def test_malformed(members: dict[str, Any]) -> None:
    assert code(changed(beat(), **members)) == "pulse.malformed"


def test_malformed_bytes() -> None:
    for broken in (b"", b"[]", b"{}", b"\xff", beat() + b" ", b" " * (pulse.MAX_PULSE + 1)):
        assert code(broken) == "pulse.malformed"


def test_nothing_is_signed_that_no_reader_takes() -> None:
    good = pulse.Pulse("p", ORIGIN, 1, T0, 10_000, 0, orders.stop_root(()))
    for wrong in ({"valid_for": pulse.MAX_VALID_MS + 1}, {"seq": 0}, {"stop_root": ""}, {"iss": ""}):
        with pytest.raises(AnswerableError):
            pulse.make(pulse.Pulse(**{**{name: getattr(good, name) for name in good.__slots__}, **wrong}), PULSE, "k")


def test_direct_orders_go_first_and_never_fall_out() -> None:
    newest = [bytes(100)] * 100
    assert pulse.fitting((b"d",), newest) == (b"d", *newest[: pulse.MAX_DELTA - 1])
    assert pulse.fitting((), [bytes(600), bytes(500)], room=1000) == (bytes(600),)
    assert pulse.fitting((bytes(600),), [bytes(600)], room=1000) == (bytes(600),)
    for direct, room in (([b"d"] * (pulse.MAX_DELTA + 1), 10_000), ([bytes(600)] * 2, 1000)):
        with pytest.raises(AnswerableError) as error:
            pulse.fitting(direct, (), room=room)
        assert error.value.code == "pulse.full"


def test_what_officers_gave_goes_in_turn_and_makes_no_pulse_full() -> None:
    mine, yours = [b"m%02d" % n for n in range(65)], [b"y0", b"y1"]
    delta = pulse.fitting((b"d",), (b"n",), alone=(mine, yours))
    assert delta[:6] == (b"d", b"m00", b"y0", b"m01", b"y1", b"m02")
    assert len(delta) == pulse.MAX_DELTA
    assert b"n" not in delta  # what is past the registry stands before what the registry tells itself
    assert pulse.fitting([b"d"] * pulse.MAX_DELTA, (), alone=(mine,)) == (b"d",) * pulse.MAX_DELTA
    # Nobody takes more than a share of the room, nor what is left for others.
    assert pulse.fitting((), (), alone=([bytes(300), bytes(200)], [bytes(200)]), room=1000) == (bytes(200),) * 2
    assert pulse.fitting((bytes(900),), (), alone=([bytes(200)],), room=1000) == (bytes(900),)


def test_the_largest_delta_is_read_back() -> None:
    message = issued(order(7), 7, epoch=1)
    delta = pulse.fitting((), [message] * 200)
    assert len(delta) == pulse.MAX_DELTA
    assert pulse.read(beat(*delta), TRUST).delta == delta
    assert msgspec.json.decode(beat(*delta))["delta"][0]["epoch"] == 1


def test_a_long_pulse_is_read_once_its_signature_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    delta = [issued(order(num, by=((ANNA, ANNA_KID),)), num, epoch=num) for num in range(3, 12)]
    good = beat(*delta)
    assert len(good) > pulse.SHORT
    assert len(pulse.read(good, TRUST).delta) == len(delta)
    junk = b'{"kid":"%b","origin":"%b","sig":"AA","a":[' % (PULSE_KID.encode(), ORIGIN.encode())
    junk += b"1," * 50_000 + b"1]}"
    forged = (beat(*delta, signer=STRANGER), beat(*delta, kid="other"), good.replace(b'"seq":1,', b'"seq":2,'), junk)
    parsed: list[bytes] = []
    parse = pulse._parse
    monkeypatch.setattr(pulse, "_parse", lambda data: (parsed.append(data), parse(data))[1])
    for data in forged:
        with pytest.raises(VerificationError) as error:
            pulse.read(data, TRUST)
        assert error.value.code == "pulse.forged"
    with pytest.raises(VerificationError) as error:
        pulse.read(b"[" * 100_000, TRUST)
    assert error.value.code == "pulse.malformed"
    assert not parsed
