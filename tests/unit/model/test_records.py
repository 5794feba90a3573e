# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model import records
from answerable.model.records import PartyRole, System
from answerable.model.terms import Audience, Criticality, Role, SystemKind, World

SYSTEM = System(
    rid="s" * 32,
    id="spiffe://demo.invalid/system/x",
    num=1,
    kind=SystemKind.MODEL,
    name="m",
    version="1",
    parties=(PartyRole(party="p" * 32, role=Role.PROVIDER), PartyRole(party="d" * 32, role=Role.DEPLOYER)),
    edges=(),
    ancestors=(),
    tier=0,
    audience=Audience.PUBLIC,
    worlds=(World.INFORMATION,),
    criticality=Criticality.ORDINARY,
    since=0,
)


def test_the_party_of_a_role_or_the_first() -> None:
    assert SYSTEM.party(Role.DEPLOYER) == "d" * 32
    assert SYSTEM.party(Role.INSURER) == "p" * 32


def test_rows_are_read_back_as_they_were_and_strictly() -> None:
    row = msgspec.json.encode(SYSTEM)
    assert msgspec.json.decode(row, type=System) == SYSTEM
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(row[:-1] + b',"more":1}', type=System)


def test_every_row_is_frozen_and_strict() -> None:
    rows = [r for r in vars(records).values() if isinstance(r, type) and issubclass(r, records.Record)]
    assert len(rows) > 8
    for row in rows:
        assert row.__struct_config__.frozen, row
        assert row.__struct_config__.forbid_unknown_fields, row
