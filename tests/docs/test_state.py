# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/state.md` names every space and every member of every row, and nothing that is not there."""

from __future__ import annotations

import re

import msgspec
import pytest

from answerable.model import records
from answerable.model.attestations import Attested
from answerable.model.calls import Call
from answerable.model.tools import Tool
from answerable.model.units import Space
from answerable.registry.parties import Challenge
from answerable.registry.systems import Announcement
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "spec" / "state.md").read_text(encoding="utf-8")
ROWS: tuple[type[msgspec.Struct], ...] = (
    records.Party, records.System, records.Copy, records.Admin, records.PartyKey, records.Handle, records.Stop,
    records.Confirmed,
    records.Reauthorisation, Announcement, Challenge, records.Erasure, records.LegalHold, records.Grant,
    records.Reading, records.FeedPage, records.Node, records.OnSite, Tool, Attested,
    Call,
)  # fmt: skip
# What stands inside a row is named in brackets behind the member that holds it.
INSIDE = {
    "parties": records.PartyRole, "edges": records.Edge, "compute": records.Compute, "opaque": records.Opaque,
}  # fmt: skip


def test_every_space_is_on_the_page_in_the_order_of_the_code() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [space.value for space in Space]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.__name__)
def test_every_member_of_a_row_is_on_the_page(row: type[msgspec.Struct]) -> None:
    found = re.search(rf"^\| {row.__name__} \| (.*) \|$", PAGE, re.MULTILINE)
    assert found
    outside = re.sub(r" \([^)]*\)", "", found[1])
    assert re.findall(r"`(\w+)`", outside) == list(row.__struct_fields__)
    for member, struct in INSIDE.items():
        if inner := re.search(rf"`{member}` \(([^)]*)\)", found[1]):
            assert re.findall(r"`(\w+)`", inner[1]) == list(struct.__struct_fields__)
