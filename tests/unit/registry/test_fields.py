# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused
from answerable.model.records import Compute
from answerable.model.terms import Measure, SystemKind, World
from answerable.registry import fields
from answerable.registry.requests import ComputeSpec, OpaqueSpec
from tests.small_registry import Registry, digest

OPAQUE = OpaqueSpec(provider="A firm", endpoint="https://api.example/v1", model="m-1", version="2026-11")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": ""}, "version"),
        ({"version": "one two"}, "version"),
        ({"licence": "x\ny"}, "licence"),
        ({"licence": "x" * 121}, "licence"),
        ({"digests": ("sha256:xyz",)}, "digests"),
        ({"digests": (digest("a").upper(),)}, "digests"),
        ({"digests": (digest("a"), digest("a"))}, "digests"),
        ({"worlds": ()}, "worlds"),
        ({"worlds": (World.PHYSICAL, World.PHYSICAL)}, "worlds"),
        ({"kind": SystemKind.ROBOT}, "worlds"),
        ({"users": -1}, "users"),
        ({"upstream": "A B"}, "upstream"),
        ({"opaque": OPAQUE, "digests": (digest("a"),)}, "opaque"),
    ],
)
def test_a_field_that_does_not_hold_is_named(changes: dict[str, Any], field: str) -> None:
    registry = Registry()
    with pytest.raises(Refused) as caught:
        fields.check(registry.request(registry.party(), **changes))
    assert (caught.value.code, caught.value.params["field"]) == ("system.field", field)


def test_an_unknown_capability_is_refused() -> None:
    registry = Registry()
    with pytest.raises(Refused, match=r"system\.capability"):
        fields.check(registry.request(registry.party(), capabilities=("telepathy",)))


def test_compute_is_told_in_one_way() -> None:
    assert fields.compute(None) is None
    assert fields.compute(ComputeSpec(petaflop=7)) == Compute(petaflop=7, measure=Measure.DECLARED)
    estimated = fields.compute(ComputeSpec(parameters=135_000_000, tokens=2 * 10**12))
    assert estimated == Compute(petaflop=1_620_000, measure=Measure.ESTIMATED)
    for spec in (
        ComputeSpec(),
        ComputeSpec(parameters=1),
        ComputeSpec(petaflop=1, tokens=1),
        ComputeSpec(petaflop=-1),
        ComputeSpec(parameters=2**52, tokens=2**52),
    ):
        with pytest.raises(Refused, match=r"system\.field"):
            fields.compute(spec)


def test_an_opaque_system_is_identified_without_secrets() -> None:
    assert fields.opaque(None) is None
    assert fields.opaque(OPAQUE) is not None
    for url in (
        "https://user:secret@api.example/",
        "https://api.example/?key=1",
        "ftp://api.example",
        "api.example",
        "",
    ):
        with pytest.raises(Refused, match=r"opaque\.endpoint"):
            fields.opaque(OpaqueSpec(provider="p", endpoint=url, model="m", version="1"))
    with pytest.raises(Refused, match=r"opaque\.probe"):
        fields.opaque(OpaqueSpec(provider="p", endpoint="https://a.example", model="m", version="1", probe="x"))
    with pytest.raises(Refused, match=r"opaque\.version"):
        fields.opaque(OpaqueSpec(provider="p", endpoint="https://a.example", model="m", version=""))


def test_a_name_belongs_to_the_parties_who_used_it_first() -> None:
    registry = Registry()
    firm, other = registry.party(), registry.party()
    registry.system(firm, "oracle")
    fields.check_name(registry.book, "oracle", [firm.rid])
    for name in ("oracle", "auto", "AUTO", "spiffe://x", "a" * 32, "NTRCN-1"):
        with pytest.raises(Refused, match=r"system\.name"):
            fields.check_name(registry.book, name, [other.rid])
