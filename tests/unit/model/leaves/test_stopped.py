# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import KINDS, stopped


def test_these_are_the_kinds_and_their_members() -> None:
    there = {kind: leaf for kind, leaf in KINDS.items() if leaf.__module__ == stopped.__name__}
    assert {kind: " ".join(f.encode_name for f in msgspec.structs.fields(leaf)) for kind, leaf in there.items()} == {
        "order": "c dig k kind n prev root scope sigs t until v x",
        "release": "k n order sigs t v x",
        "regained": "k msg n t v x",
        "recovery": "by ep k n num root t v wai x",
        "drill": "ans bnd c k kind last n order sil t tier v x",
        "reauthorisation": "att dig id k n order sigs t v x",
        "roster": "auth k n off root seq sigs t v x",
        "refused": "by dig err k n of root t v x",
        "receipt": "fly k last n order own rcv sig st t v x",
    }
