# SPDX-License-Identifier: Apache-2.0
"""What `tests/unit/control/routes/test_labels.py` cannot reach through the socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from answerable.control import labelling
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.marks.kept import Asked
from answerable.model.actions import About, Decision, Facts
from answerable.model.terms import Ruling
from tests.small_labelling import labelling as made
from tests.unit.control.house import House

ASKED = Asked(before="ab" * 32, media="image/png", size=7, v=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "store")
    made.start_copy("helper")
    yield made
    made.close()


def begin(house: House, **parts: Any) -> Any:
    labels = made(house.services, "001191350100M000100Y431ABCD", house.label_key, **parts)
    return house.run(labels.begin(house.services, "helper", ASKED, "by")), labels


class Never:
    """A policy of an operator that forbids everything."""

    digest = "ff" * 32

    def decide(self, facts: Facts, about: About) -> Decision:
        return Decision(Ruling.REFUSE, "P001", "never")


def test_a_refusal_is_recorded_and_labels_nothing(house: House) -> None:
    with pytest.raises(Refused) as caught:
        begin(house, policies=(Never(),))
    assert (caught.value.code, caught.value.params["rule"]) == ("policy.refused", "P001")
    newest = house.run(house.core.reader.size()) - 1
    leaf: Any = decode(house.run(house.core.reader.tail(newest, newest + 1))[0])
    assert (leaf.k, leaf.dec, leaf.rule, leaf.err) == ("open", "refuse", "P001", "policy.refused")


def test_duties_that_are_not_met_refuse(house: House) -> None:
    with pytest.raises(Refused):
        begin(house, duties_met=lambda system: False)


def test_what_nobody_ended_is_closed_as_unknown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, labels = begin(house)
    assert house.run(house.core.reader.close_of(begun.record)) is None
    monkeypatch.setattr(labelling, "LEFT_MS", -1)
    second = house.run(labels.begin(house.services, "helper", ASKED, "by"))
    assert house.run(house.core.reader.close_of(second.record)) is None
    closing = house.run(house.core.reader.close_of(begun.record))
    assert closing is not None
    data = house.run(house.core.reader.find(closing))
    assert data is not None
    leaf: Any = decode(data)
    assert (leaf.st, leaf.open) == ("unknown", begun.record)


def test_digests_are_kept_as_the_stores_rules_say(house: House) -> None:
    begun, _ = begin(house, keep=lambda action, system, tier, now: None)
    assert house.run(house.core.reader.payload(begun.record, "in")) is None
    house.start_copy("helper")  # the first one's warrant is held by that boot
    begun, _ = begin(house, keep=lambda action, system, tier, now: now + 86_400_000)
    assert house.run(house.core.reader.payload(begun.record, "in")) is not None


def test_nothing_is_labelled_where_nobody_labels(house: House) -> None:
    from answerable.control.routes.labels import _labelling
    from answerable.errors import Unavailable

    with pytest.raises(Unavailable):
        _labelling(replace(house.services, labels=None))
