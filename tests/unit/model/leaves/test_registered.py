# SPDX-License-Identifier: Apache-2.0
"""The formats are final: a member that is gone or renamed would orphan what was recorded."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import KINDS, registered


def test_these_are_the_kinds_and_their_members() -> None:
    there = {kind: leaf for kind, leaf in KINDS.items() if leaf.__module__ == registered.__name__}
    assert {kind: " ".join(f.encode_name for f in msgspec.structs.fields(leaf)) for kind, leaf in there.items()} == {
        "party": "c crt id k kind n prev std t v vch x",
        "key": "alg by c end k n own prev pub roles sigs t use v x",
        "announce": "by c edges k kind n t v x",
        "system": "ann aud c cap cmp crit dead dig edges id k kind lic n num opq parties re t tier usr v ver wld x",
        "transfer": "k n new old role sigs sys t v x",
        "copy": "id k loc n pub st sys t v x",
        "attestation": "by dig dsse exp k n pt sys t v x",
        "plugin": "dig k n name port t v ver x",
        "shard": "k n origin root size t v x",
    }
