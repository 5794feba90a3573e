# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import KINDS, acted


def test_these_are_the_kinds_and_their_members() -> None:
    there = {kind: leaf for kind, leaf in KINDS.items() if leaf.__module__ == acted.__name__}
    assert {kind: " ".join(f.encode_name for f in msgspec.structs.fields(leaf)) for kind, leaf in there.items()} == {
        "open": "act c chk cons dec err k n par parties party pol pri rule sys t tier v via vwar war wld x",
        "close": "c chk err k n open st t u v x",
        "refusals": "k n num t t0 v x",
        "hold": "dig exp k n need open pol roles t v x",
        "planted": "hold k kind n salt t v x",
        "settle": "c k n open sigs st t v x",
        "approval": "dec dig exp hold k n pol sigs t v x",
    }
