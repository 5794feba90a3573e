# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
from pathlib import Path

import pytest

from answerable.control.traced import opening, prints_of, stopped
from answerable.errors import AnswerableError
from answerable.model.prints import Kind, Print
from answerable.model.terms import OrderKind
from tests.unit.control.house import House
from tests.unit.control.routes.test_stops import order
from tests.unit.control.routes.test_trace import hexed, labelled


def test_fingerprints_are_read_and_nothing_else() -> None:
    its = Print(Kind.IMAGE, 1, (1, 2, 3))
    assert prints_of([its.tag().hex()]) == (its,)
    for text in ("0101", "01" * 16, "0" * 11):
        with pytest.raises(AnswerableError, match=r"admin\.request"):
            prints_of([text])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "store")


def test_a_record_is_its_open_leaf(house: House) -> None:
    record = house.act("Words.")
    closing = house.run(house.core.reader.close_of(record))
    assert closing is not None
    assert house.run(opening(house.services, record)) == record
    assert house.run(opening(house.services, closing)) == record
    assert house.run(opening(house.services, house.system("helper").rid)) == ""
    assert house.run(opening(house.services, "a" * 32)) == ""
    house.close()


def test_a_label_by_a_system_that_was_stopped_says_so(house: House) -> None:
    record = labelled(house, "stopped")
    assert house.run(stopped(house.services, record)) == ("", 0)
    assert house.post("/who/file", {"digest": hexed("stopped")})["stopped"] == ""
    done = house.post("/stops", order(house, "helper", OrderKind.SUSPEND, "officer-1"), "officer-1")
    answer = house.post("/who/file", {"digest": hexed("stopped")})
    assert (answer["sure"], answer["record"], answer["stopped"]) == ("proven", record, done["order"]["rid"])
    assert base64.b64decode(answer["receipt"])
    assert answer["stopped_at"] == done["order"]["at"]
    assert house.run(stopped(house.services, "a" * 32)) == ("", 0)
    house.close()
