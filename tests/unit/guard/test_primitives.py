# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.guard.primitives import PRIMITIVES, Found, choose, look


def found(**why: str) -> list[Found]:
    return [Found(each, why.get(each.name.replace("-", "_"), ""), each.name != "own-uid") for each in PRIMITIVES]


def test_all_that_is_there_is_stood_on() -> None:
    assert choose(found(), ()) == {each.name for each in PRIMITIVES}


def test_what_is_missing_is_no_start_unless_it_was_named() -> None:
    missing = found(cgroup="Permission denied")
    with pytest.raises(Refused) as caught:
        choose(missing, ())
    assert caught.value.code == "guard.primitive"
    assert caught.value.params["name"] == "cgroup"
    assert "Permission denied" in caught.value.reason()
    assert "a suspension kills" in caught.value.reason(), "which promise falls"
    assert "--unsafe-without cgroup" in caught.value.remedy()
    assert choose(missing, ("cgroup",)) == {each.name for each in PRIMITIVES} - {"cgroup"}


def test_what_was_named_is_done_without_though_it_is_there() -> None:
    assert "netns" not in choose(found(), ("netns",))


def test_a_user_of_its_own_is_not_asked_of_who_cannot_give_one() -> None:
    assert "own-uid" not in choose(found(own_uid="only root"), ())


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(Refused, match=r"guard\.primitive_unknown"):
        choose(found(), ("magic",))


def test_each_says_what_it_promises_and_what_falls_in_both_languages() -> None:
    for each in PRIMITIVES:
        assert all((each.promise, each.promise_zh, each.without, each.without_zh))
        assert each.promise != each.without


def test_each_is_looked_for_here() -> None:
    assert [each.primitive for each in look()] == list(PRIMITIVES)
