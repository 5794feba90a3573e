# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.app.models import ModelTable, ServedModel
from answerable.errors import Unavailable
from answerable.model.terms import Act
from tests.unit.pipeline.scripted import Upstream, bearer, system


def served(name: str, *capabilities: str) -> ServedModel:
    of = system(name, len(name), capabilities=capabilities)
    return ServedModel(of, bearer(of).copy, Upstream([], lambda: None), "weights", ("alias-" + name,))  # type: ignore[arg-type, return-value]


def test_a_model_is_found_by_name_id_record_and_alias() -> None:
    one = served("one", "text")
    table = ModelTable([one, served("three", "text")])
    for name in ("one", one.system.id, one.system.rid, "alias-one"):
        assert table.named(name, Act.GENERATION) == (one,)
    assert table.named("nobody", Act.GENERATION) == ()


def test_auto_means_all_that_can_do_it_in_order() -> None:
    one, two, three = served("a", "text"), served("bb", "embedding"), served("ccc", "text")
    table = ModelTable([one, two, three])
    assert table.named("auto", Act.GENERATION) == (one, three)
    assert table.named("auto", Act.EMBEDDING) == (two,)
    assert table.named("bb", Act.GENERATION) == ()


def test_what_comes_and_goes_is_seen_at_once() -> None:
    one, two = served("a", "text"), served("bb", "text")
    table = ModelTable([one])
    assert table.named("auto", Act.GENERATION) == (one,)
    table.add(two)
    assert table.named("auto", Act.GENERATION) == (one, two)
    table.remove(one)
    assert table.named("auto", Act.GENERATION) == (two,)
    assert tuple(table) == (two,)


def test_what_is_absent_says_why_and_is_unknown_only_where_nothing_ever_answered() -> None:
    away = Unavailable("upstream.unreachable", upstream="near")
    table = ModelTable(absent=lambda name, act: away if name == "near" else None)
    assert table.absent("near", Act.GENERATION) is away
    assert table.absent("nobody", Act.GENERATION).code == "model.unknown"


def test_what_draws_or_speaks_is_asked_by_its_name_alone() -> None:
    draws, speaks, both = served("a", "image"), served("bb", "audio"), served("ccc", "text", "image")
    table = ModelTable([draws, speaks, both])
    assert table.named("auto", Act.GENERATION) == (both,)
    assert table.named("a", Act.GENERATION) == (draws,)
