# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import KINDS, tooled


def test_these_are_the_kinds_and_their_members() -> None:
    there = {kind: leaf for kind, leaf in KINDS.items() if leaf.__module__ == tooled.__name__}
    assert {kind: " ".join(f.encode_name for f in msgspec.structs.fields(leaf)) for kind, leaf in there.items()} == {
        "tool": "att by cls k n name pin srv st sys t v x",
    }
    parts = (tooled.ToolClassRef, tooled.BoundRef, tooled.MeterRef)
    assert [" ".join(f.encode_name for f in msgspec.structs.fields(part)) for part in parts] == [
        "app att crit dom dry eff env gen idem met rate roles tier undo wld",
        "at least long most one opt",
        "at cur curat kind minor most",
    ]
