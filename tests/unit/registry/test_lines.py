# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import builtins
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.model.terms import Criticality, Relation, World
from answerable.registry import lines as module
from answerable.registry.lines import Lines
from tests.fleet import Fleet, sha

KIND = (0, (World.INFORMATION,), Criticality.ORDINARY)


def one(lines: Lines, num: int, **more: Any) -> None:
    given: dict[str, Any] = {"weights": (), "uses": (), "digests": (), "firsts": (), "copies": 0, **more}
    lines.add(num, KIND, ("p",), **given)


def test_a_number_far_past_all_others_is_damage() -> None:
    lines = Lines()
    for num in (0, -1, 1 << 40):
        with pytest.raises(Unavailable, match=r"system\.damaged"):
            one(lines, num)


def test_without_numpy_the_answers_come_from_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name == "numpy":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(module, "MANY", 2)
    module._numpy.cache_clear()
    try:
        lines = Lines()
        lines.expect(10)
        one(lines, 1)
        one(lines, 2, weights=(1,))
        assert list(lines.reach((1,), descend=True, twins=True)) == [1, 2]
        assert type(lines.reach((1,), descend=True, twins=True)).__name__ == "FewReached"
    finally:
        module._numpy.cache_clear()


def test_the_book_keeps_it_right_as_systems_register_copies_start_and_systems_are_sold() -> None:
    fleet = Fleet()
    before = fleet.book.reach((fleet.base.num,))
    assert (list(before), before.copies()) == ([1, 2, 3], 3)
    late = fleet.system("late", parents=((fleet.tuned, Relation.ADAPTER),), party=fleet.firm, digests=(sha("late"),))
    twin = fleet.system("twin", digests=(sha("late"),))
    fleet.copy(late)
    now = fleet.book.reach((fleet.base.num,), twins=True)
    assert (list(now), now.copies()) == ([1, 2, 3, late.num, twin.num], 4)
    assert set(now.parties()) == {fleet.maker.rid, fleet.firm.rid}
    assert list(before) == [1, 2, 3]
    fleet.end(fleet.copies["base"])
    assert fleet.book.reach((fleet.base.num,), twins=True).copies() == 3
    import msgspec

    fleet.replace(msgspec.structs.replace(late, parties=fleet.base.parties))
    assert set(fleet.book.reach((fleet.base.num,), twins=True).parties()) == {fleet.maker.rid}
    assert fleet.book.users(now).copies() == 1


def test_a_digest_of_another_form_is_told_from_rows() -> None:
    pytest.importorskip("numpy")
    lines = Lines(compress=True)
    one(lines, 1, digests=("blake3:ff",), firsts=(1,))
    reach = lines.reach((1,), descend=True, twins=True)
    assert (reach.digest_count(), reach.digest_list()) == (1, None)


@pytest.mark.parametrize("compress", [False, True])
def test_an_answer_is_remembered_until_the_next_system_comes(*, compress: bool) -> None:
    if compress:
        pytest.importorskip("numpy")
    lines = Lines(compress=compress)
    one(lines, 1)
    one(lines, 2, weights=(1,), copies=1)
    first = lines.reach((1,), descend=True, twins=True)
    assert lines.reach((1,), descend=True, twins=True) is first
    assert lines.reach((1,), descend=True, twins=False) is not first
    lines.runs(2, 5)
    assert first.copies() == 5  # what runs now, among what was reached
    one(lines, 3, weights=(2,))
    assert list(lines.reach((1,), descend=True, twins=True)) == [1, 2, 3]
    assert list(first) == [1, 2]
    again = lines.reach((1,), descend=True, twins=True)
    lines.forget()
    assert lines.reach((1,), descend=True, twins=True) is not again
