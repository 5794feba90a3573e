# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import KINDS, disclosed


def test_these_are_the_kinds_and_their_members() -> None:
    there = {kind: leaf for kind, leaf in KINDS.items() if leaf.__module__ == disclosed.__name__}
    assert {kind: " ".join(f.encode_name for f in msgspec.structs.fields(leaf)) for kind, leaf in there.items()} == {
        "grant": "by exp k n of purp t to v x",
        "revoke": "grant k n sigs t v x",
        "read": "grant grps k n of sigs t v x",
        "preserve": "c k n of prev scope sigs st t v x",
        "erase": "bas by k n of t v x",
    }
