# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from answerable.cli.saved import check, one_record, same
from answerable.control.receipts import SAME, assemble
from answerable.errors import Unavailable, VerificationError
from answerable.formats.saved import read
from answerable.log import trust
from answerable.verify.receipt import verify
from answerable.verify.report import Report
from tests.unit.control.house import House


def reply(record: str, text: str) -> bytes:
    body: dict[str, Any] = {
        "id": f"chatcmpl-{record}", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
    }  # fmt: skip
    return json.dumps(body).encode()


def report(house: House, said: str, *, shown: bool = True) -> Report:
    record = house.act(said)
    made = house.run(assemble(house.core.reader, house.core.book, record, (lambda _: SAME) if shown else None))
    return verify(made.receipt, trust.parse(house.core.trust))


def test_the_recorded_reply_is_the_same_in_every_form(house: House) -> None:
    found = report(house, "AI-generated\n\nFour.")
    assert same(found, reply(found.record, "AI-generated\n\nFour.")).form == "answer"
    for text in (b"AI-generated\n\nFour.", b"Four.", b"  Four. \n"):
        assert same(found, text).form == "text"


@pytest.mark.parametrize("text", ["AI-generated\n\nFive.", "Four.", "AI-generated\n\nFour. "])
def test_any_change_is_a_no(house: House, text: str) -> None:
    found = report(house, "AI-generated\n\nFour.")
    with pytest.raises(VerificationError, match=r"receipt\.content"):
        same(found, reply(found.record, text))


def test_another_records_reply_is_a_no(house: House) -> None:
    found, other = report(house, "One."), report(house, "One.")
    with pytest.raises(VerificationError, match=r"receipt\.content"):
        same(found, reply(other.record, "One."))
    with pytest.raises(VerificationError, match=r"receipt\.content"):
        same(found, b"Two.")


def test_what_is_not_disclosed_is_neither(house: House) -> None:
    found = report(house, "Hidden.", shown=False)
    for data in (reply(found.record, "Hidden."), b"Hidden."):
        with pytest.raises(Unavailable, match=r"receipt\.undisclosed"):
            same(found, data)


def test_two_records_in_one_reply_contradict(house: House) -> None:
    found = report(house, "One.")
    data = json.loads(reply(found.record, "One."))
    data["answerable"] = {"record": "a" * 32}
    with pytest.raises(VerificationError, match=r"receipt\.inconsistent"):
        one_record(read(json.dumps(data).encode()))
    with pytest.raises(VerificationError):
        check(replace(found, record="b" * 32), read(reply(found.record, "One.")))
