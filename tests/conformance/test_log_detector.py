# SPDX-License-Identifier: Apache-2.0
"""`ports.LogDetector`, over every detector that ships: it raises for nothing that the log, a teller or a copy may
bring, finds its own lines alone, and what it does not take it has nothing to say about."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.config import Budget, RedlinesConfig
from answerable.model import events
from answerable.model.leaves import CloseLeaf, OpenLeaf
from answerable.model.sights import Sight, Standing
from answerable.ports import LogDetector
from answerable.redlines.desk import detectors
from answerable.redlines.table import lines
from tests.small_log import every_kind
from tests.small_redlines import a_rid, place

PLACE = place()
PLACE.registry.stop(PLACE.victim)
CONFIG = RedlinesConfig(
    budgets=(Budget(system="victim", unit="tokens", most=0),), asked=1, protected=("PERSON-a",), targets=("10.0.0.0/8",)
)
NAMES = [each.name for each in detectors(PLACE.book, CONFIG)]
TEXT = st.text(max_size=20)
FACTS: dict[type, Any] = {kind: st.from_type(kind) for kind in get_args(events.Told)}
SYSTEMS = st.sampled_from([PLACE.victim.rid, PLACE.agent.rid, "", "nobody"])
COPIES = st.sampled_from([PLACE.copy.rid, PLACE.other.rid, "", "nobody"])
LEAVES = list(every_kind())
OPENED = next(each for each in LEAVES if isinstance(each, OpenLeaf))
TIMES = st.integers(0, 2**53 - 1)


def detector(name: str) -> LogDetector:
    return next(each for each in detectors(PLACE.book, CONFIG) if each.name == name)


@st.composite
def sights(draw: Any) -> Sight:
    common = {"rid": a_rid(), "at": draw(TIMES), "system": draw(SYSTEMS), "copy": draw(COPIES), "action": a_rid()}
    kind = draw(st.sampled_from(["leaf", "fact", "asked"]))
    if kind == "asked":
        return Sight(**common, boot=draw(TEXT), refused=draw(st.sampled_from(["", "warrant.clone", "warrant.duty"])))
    if kind == "fact":
        fact = draw(st.one_of(*FACTS.values()))
        return Sight(**common, standing=draw(st.sampled_from(Standing)), fact=fact)
    leaf = draw(st.sampled_from(LEAVES))
    if isinstance(leaf, OpenLeaf | CloseLeaf):
        leaf = msgspec.structs.replace(leaf, t=draw(TIMES))
    return Sight(**common, leaf=leaf, opened=OPENED if isinstance(leaf, CloseLeaf) else None)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_watches(name: str) -> None:
    each = detector(name)
    assert set(each.lines) <= set(lines())
    assert each.lines


@settings(max_examples=60)
@given(shown=st.lists(sights(), min_size=1, max_size=12))
def test_whatever_it_is_shown(shown: list[Sight]) -> None:
    for each in detectors(PLACE.book, CONFIG):
        takes = getattr(each, "takes", None)
        for sight in shown:
            found = each.see(sight)
            if found is not None:
                assert found.line in each.lines
                assert found.level in ("yellow", "red")
                assert takes is None or type(sight.leaf if sight.fact is None else sight.fact) in takes
                msgspec.json.encode(found.detail)
