# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import KINDS, warranted


def test_these_are_the_kinds_and_their_members() -> None:
    there = {kind: leaf for kind, leaf in KINDS.items() if leaf.__module__ == warranted.__name__}
    assert {kind: " ".join(f.encode_name for f in msgspec.structs.fields(leaf)) for kind, leaf in there.items()} == {
        "handle": "bnd by cpy dig exp k n st t v x",
        "warrant": "anc aud cpy crit exp jti k n party seq sys t tier v wld x",
        "renewals": "k n num root t t0 v x",
    }
