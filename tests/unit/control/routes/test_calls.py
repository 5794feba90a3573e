# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from answerable.control.routes import calls as routes
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.model.calls import Call, CallState, Verdict
from answerable.model.units import Put, Space, Unit
from answerable.privacy.statements import Words
from answerable.tools.planned import encode_row
from answerable.tools.settling import Why, statement
from tests.unit.control.house import House


def lost(house: House, key: str, state: CallState = CallState.UNKNOWN) -> str:
    """A call that nobody saw the end of; its record."""
    record = house.act(f"answer {key}")
    row = encode_row(Call(record, state, house.core.now, house.core.now + 1))
    house.run(house.core.ledger.commit(Unit(effects=(Put(Space.CALLS, key, row),))))
    return record


def said(house: House, record: str, verdict: Verdict, who: str = "officer-1") -> dict[str, Any]:
    words = Words.of("reason", "I looked")
    leaf = house.signed(statement(record, verdict, Why(words.salt, words.body)), who)
    return {"settle": msgspec.to_builtins(leaf), "reason": {"text": words.text, "salt": b64u(words.salt)}}


def refused(call: Any) -> str:
    with pytest.raises(AnswerableError) as error:
        call()
    return error.value.code


def test_what_waits_is_listed_and_settled(house: House) -> None:
    done, undone = lost(house, "a"), lost(house, "b", CallState.BEGUN)
    listed = {each["record"]: each for each in house.get("/calls")}
    assert {done, undone} <= listed.keys()
    assert (listed[done]["state"], listed[undone]["state"]) == ("unknown", "begun")
    assert listed[done]["system"]
    assert not listed[done]["running"]
    first = house.post("/calls/settle", said(house, done, Verdict.DONE), "officer-1")
    assert (first["record"], first["blocks"]) == (done, True)
    second = house.post("/calls/settle", said(house, undone, Verdict.UNDONE), "officer-1")
    assert second["blocks"] is False
    assert not {done, undone} & {each["record"] for each in house.get("/calls")}
    assert house.core.book.raw(Space.CALLS, "b") is None


def test_who_is_nobody_settles_nothing(house: House) -> None:
    record = lost(house, "c")
    assert refused(lambda: house.post("/calls/settle", said(house, "n" * 32, Verdict.DONE))) == "call.absent"
    given = said(house, record, Verdict.DONE)
    given["reason"]["text"] = "other words"
    assert refused(lambda: house.post("/calls/settle", given)) == "call.malformed"


def test_a_node_has_none(house: House) -> None:
    bare = dataclasses.replace(house.services, calls=None)
    assert refused(lambda: house.run(routes.listed(bare, None))) == "tool.nowhere"  # type: ignore[arg-type]
