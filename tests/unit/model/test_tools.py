# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.terms import Criticality, Effect, World
from answerable.model.tools import Bound, Definition, Tool, ToolClass, ToolState, key

MEMBERS = {"world": "information", "criticality": "ordinary", "domain": "search", "effect": "read"}


def test_a_class_is_read_strictly() -> None:
    said = msgspec.convert(MEMBERS, ToolClass)
    assert (said.world, said.effect, said.envelope, said.max_tier) == (World.INFORMATION, Effect.READ, None, 4)
    for wrong in (
        {"world": "moon"},
        {"effect": "nothing"},
        {"approvals": 9},
        {"approvals": -1},
        {"max_tier": 5},
        {"rate": -1},
        {"harmless": True},
        {"roles": ["god"]},
        {"envelope": [{"at": "/a", "longest": -1}]},
        {"meters": [{"kind": "smiles"}]},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**MEMBERS, **wrong}, ToolClass)
    for name in MEMBERS:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({other: value for other, value in MEMBERS.items() if other != name}, ToolClass)


def test_no_envelope_is_not_an_empty_one() -> None:
    assert msgspec.convert({**MEMBERS, "envelope": []}, ToolClass).envelope == ()
    assert msgspec.json.decode(msgspec.json.encode(Bound(at="/a")), type=Bound) == Bound(at="/a")


def test_a_row_knows_its_key() -> None:
    row = Tool(
        **msgspec.structs.asdict(msgspec.convert(MEMBERS, ToolClass)), server="desk", name="pay", system="s", rid="r",
        state=ToolState.CLASSIFIED, since=1, changed=1,
    )  # fmt: skip
    assert row.key == key("desk", "pay") == "desk/pay"
    assert (row.criticality, msgspec.json.decode(msgspec.json.encode(row), type=Tool)) == (Criticality.ORDINARY, row)


def test_a_definition_that_says_odd_things_says_nothing() -> None:
    odd = Definition("x", "sha256:", b"", {"description": 7, "title": None, "inputSchema": [], "annotations": "yes"})
    assert (odd.description, odd.title, odd.input_schema, odd.annotations) == ("", "", {}, {})
