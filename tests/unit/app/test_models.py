# SPDX-License-Identifier: Apache-2.0
"""What `model` in a request may mean, and what is said of a name that means nothing."""

from __future__ import annotations

from typing import Any, cast

import pytest

from answerable.app.models import ModelTable, ServedModel
from answerable.model.records import Copy, System
from answerable.model.terms import Act, SystemKind
from answerable.ports import Upstream


def system(name: str, *capabilities: str) -> System:
    fields: dict[str, Any] = dict.fromkeys(System.__struct_fields__, "")
    fields |= {"rid": f"rid-of-{name}", "id": f"spiffe://x/system/{name}", "name": name, "kind": SystemKind.MODEL}
    return System(**{**fields, "capabilities": capabilities})


def served(name: str, *capabilities: str, aliases: tuple[str, ...] = ()) -> ServedModel:
    return ServedModel(system(name, *capabilities), cast("Copy", None), cast("Upstream", None), name, aliases)


CHAT, OTHER, EMBED = served("chat", "text", aliases=("llm",)), served("other", "text"), served("embed", "embedding")


@pytest.mark.parametrize(
    ("name", "act", "found"),
    [
        ("auto", Act.GENERATION, (CHAT, OTHER)),
        ("auto", Act.EMBEDDING, (EMBED,)),
        ("other", Act.GENERATION, (OTHER,)),
        ("llm", Act.GENERATION, (CHAT,)),
        ("spiffe://x/system/chat", Act.GENERATION, (CHAT,)),
        ("rid-of-chat", Act.GENERATION, (CHAT,)),
        ("embed", Act.GENERATION, ()),
        ("chat", Act.EMBEDDING, ()),
        ("nobody", Act.GENERATION, ()),
    ],
)
def test_a_name_means_what_serves_it(name: str, act: Act, found: tuple[ServedModel, ...]) -> None:
    assert ModelTable((CHAT, OTHER, EMBED)).named(name, act) == found


def test_what_is_removed_is_named_no_more() -> None:
    table = ModelTable((CHAT,))
    assert table.named("chat", Act.GENERATION) == (CHAT,)
    table.remove(CHAT)
    assert table.named("chat", Act.GENERATION) == ()
    table.add(OTHER)
    assert table.named("auto", Act.GENERATION) == (OTHER,)


def test_a_name_that_an_order_stopped_is_told_from_one_that_is_unknown() -> None:
    asked = []

    def stopped(name: str, act: Act) -> str:
        asked.append((name, act))
        return "an-order" if name == "chat" else ""

    table = ModelTable(stopped=stopped)
    assert table.absent("chat", Act.GENERATION).code == "stop.system"
    assert table.absent("chat", Act.GENERATION).params == {"order": "an-order"}
    assert table.absent("nobody", Act.EMBEDDING).code == "model.unknown"
    assert asked[-1] == ("nobody", Act.EMBEDDING)
