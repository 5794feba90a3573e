# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model import leaves

# `log.md` names these; the others are ours. A kind that is gone would orphan what was recorded.
NAMED = {
    "party", "system", "key", "warrant", "renewals", "open", "close", "hold", "approval", "order", "receipt",
    "incident", "attestation", "grant", "erase", "shard", "plugin",
}  # fmt: skip


def test_every_kind_of_the_design_is_there() -> None:
    assert set(leaves.KINDS) >= NAMED


@pytest.mark.parametrize("kind", leaves.KINDS.values(), ids=list(leaves.KINDS))
def test_fields_stand_in_canonical_order(kind: type[leaves.Leaf]) -> None:
    fields = msgspec.structs.fields(kind)
    names = [field.encode_name for field in fields]
    assert names == sorted(names), "RFC 8785 by construction"
    assert all(name.isascii() for name in names)
    assert {"k", "n", "t", "v", "x"} <= set(names)
    assert kind.__struct_config__.frozen
    assert kind.__struct_config__.forbid_unknown_fields
    assert not any(field.type in (float, float | None) for field in fields)


@pytest.mark.parametrize("part", leaves.Part.__subclasses__())
def test_members_of_parts_stand_in_canonical_order(part: type[leaves.Part]) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(part)]
    assert names == sorted(names)
    assert part.__struct_config__.forbid_unknown_fields
