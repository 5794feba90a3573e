# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import KINDS, crossed


def test_these_are_the_kinds_and_their_members() -> None:
    there = {kind: leaf for kind, leaf in KINDS.items() if leaf.__module__ == crossed.__name__}
    assert {kind: " ".join(f.encode_name for f in msgspec.structs.fields(leaf)) for kind, leaf in there.items()} == {
        "incident": "c evl k lvl n open rl sys t v x",
        "event": "at by c cpy k n sig sys t v what x",
    }
