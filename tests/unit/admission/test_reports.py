# SPDX-License-Identifier: Apache-2.0
"""A told event proves itself: its signature, its commitment and its facts hold together, and nothing else is read."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from answerable.admission import reports
from answerable.crypto.b64 import b64u
from answerable.crypto.canonical import dumps
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.log import statement
from answerable.model.events import AliveUnleased, WeightsEgress
from answerable.model.leaves import Commitments

ORIGIN = "log.example"
KEY = Key.from_seed(bytes(range(32)))
NOW = 1_763_782_764_000
COPY, SYSTEM = "a" * 32, "b" * 32


def made(**changes: object) -> reports.Report:
    arguments = {"system": SYSTEM, "by": COPY, "origin": ORIGIN, "key": KEY, "at": NOW, "copy": COPY} | changes
    return reports.make(WeightsEgress(bytes=5, sink="bucket.example"), **arguments)  # type: ignore[arg-type]


def code(report: reports.Report, *, public: bytes = KEY.public, origin: str = ORIGIN, now: int = NOW) -> str:
    with pytest.raises(Refused) as caught:
        reports.accept(report, origin=origin, public=public, now_ms=now)
    return caught.value.code


def test_what_was_made_is_read() -> None:
    report = made()
    read = reports.accept(report, origin=ORIGIN, public=KEY.public, now_ms=NOW)
    assert read.fact == WeightsEgress(bytes=5, sink="bucket.example")
    assert read.event.what == "weights.egress"
    assert (read.event.by, read.event.cpy, read.event.sys) == (COPY, COPY, SYSTEM)
    assert "bucket" not in repr(read)
    assert "bucket" not in read.event.c.evidence  # type: ignore[operator]


def test_it_survives_the_wire() -> None:
    report = made()
    assert msgspec.json.decode(msgspec.json.encode(report), type=reports.Report) == report


def test_another_signer_or_another_log() -> None:
    assert code(made(), public=Key.generate().public) == "redline.event_signature"
    assert code(made(), origin="other.example") == "redline.event_signature"


@pytest.mark.parametrize("change", ["at", "by", "cpy", "sys", "what", "n"])
def test_no_member_can_be_changed(change: str) -> None:
    report = made()
    values = {
        "at": NOW + 1,
        "by": "c" * 32,
        "cpy": UNSET,
        "sys": "c" * 32,
        "what": "resource.used",
        "n": b64u(b"n" * 16),
    }
    event = msgspec.structs.replace(report.event, **{change: values[change]})
    expected = "redline.event_malformed" if change == "what" else "redline.event_signature"
    assert code(msgspec.structs.replace(report, event=event)) == expected


def test_facts_are_those_that_were_committed_to() -> None:
    report = made()
    other = dumps(msgspec.to_builtins(AliveUnleased(ms=1))).decode()
    assert code(msgspec.structs.replace(report, facts=other)) == "redline.event_malformed"
    assert code(msgspec.structs.replace(report, facts=report.facts + " ")) == "redline.event_malformed"
    assert code(msgspec.structs.replace(report, salt=b64u(bytes(32)))) == "redline.event_malformed"
    assert code(msgspec.structs.replace(report, salt="x")) == "redline.event_malformed"
    event = msgspec.structs.replace(report.event, c=Commitments(evidence=report.event.c.evidence, name=b64u(bytes(32))))
    assert code(msgspec.structs.replace(report, event=event)) == "redline.event_malformed"


def test_ids_are_record_ids() -> None:
    assert code(made(system="a system")) == "redline.event_malformed"


def test_time() -> None:
    assert code(made(at=NOW + reports.AHEAD_MS + 1)) == "redline.event_time"
    assert code(made(at=NOW - reports.OLDEST_MS - 1)) == "redline.event_time"
    reports.accept(made(at=NOW - reports.OLDEST_MS), origin=ORIGIN, public=KEY.public, now_ms=NOW)


def test_the_signature_is_that_of_the_specification() -> None:
    event = made().event
    statement.verify(event, ORIGIN, statement.Sig(key=COPY, sig=event.sig), KEY.public)
    # The registry adds `t` and nothing else.
    statement.verify(msgspec.structs.replace(event, t=NOW), ORIGIN, statement.Sig(key=COPY, sig=event.sig), KEY.public)


@given(facts=st.text(max_size=60), salt=st.text(max_size=50), sig=st.text(max_size=90))
def test_whatever_comes_is_accepted_or_refused(facts: str, salt: str, sig: str) -> None:
    report = made()
    event = msgspec.structs.replace(report.event, sig=sig)
    assert code(reports.Report(event=event, facts=facts, salt=salt)).startswith("redline.event_")
    assert code(reports.Report(event=event, facts=report.facts, salt=report.salt)) == "redline.event_signature"
