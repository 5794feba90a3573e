# SPDX-License-Identifier: Apache-2.0
"""Which member of which kind of leaf points to what (`docs/spec/leaves.md`): what is named was registered before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import UNSET

from answerable.log.leaf import is_rid

# kind -> member -> kind that it points to; "leaf" where any kind will do.
POINTS: Final[dict[str, dict[str, str]]] = {
    "party": {"prev": "party", "vch": "party"},
    "key": {"prev": "key", "by": "key", "own": "party"},
    "announce": {"by": "party", "edges": "system"},
    "system": {"parties": "party", "edges": "system", "ann": "announce", "re": "reauthorisation", "dead": "order"},
    "transfer": {"new": "party", "old": "party", "sys": "system"},
    "copy": {"sys": "system"},
    "handle": {"by": "key", "cpy": "copy"},
    "warrant": {"cpy": "copy", "party": "party", "sys": "system"},
    "open": {
        "sys": "system", "via": "system", "war": "warrant", "vwar": "warrant", "party": "party", "parties": "party",
        "par": "leaf", "cons": "grant",
    },
    "close": {"open": "leaf"},
    "hold": {"open": "leaf"},
    "approval": {"hold": "hold"},
    "planted": {"hold": "hold"},
    "settle": {"open": "leaf"},
    "order": {"prev": "order"},
    "release": {"order": "order"},
    "reauthorisation": {"order": "order"},
    "receipt": {"order": "order", "own": "leaf"},
    "incident": {"open": "leaf", "sys": "system"},
    "event": {"by": "leaf", "cpy": "copy", "sys": "system"},
    "attestation": {"by": "key", "sys": "system"},
    "tool": {"att": "attestation", "by": "key", "sys": "system"},
    "grant": {"of": "leaf"},
    "revoke": {"grant": "grant"},
    "read": {"grant": "grant", "of": "leaf"},
    "preserve": {"of": "leaf", "prev": "preserve"},
    "erase": {"of": "leaf"},
}  # fmt: skip
_ROOTS: Final = {"copy": "copy", "system": "system", "lineage": "system", "party": "party"}


def targets(leaf: Any) -> Iterator[tuple[str, str, str]]:
    """(member, kind, rid) for each link of a leaf."""
    for member, kind in POINTS.get(leaf.k, {}).items():
        value = getattr(leaf, member)
        if value is UNSET:
            continue
        for item in value if isinstance(value, list) else (value,):
            rid = item if isinstance(item, str) else getattr(item, "rid", None) or item.p
            # A key may belong to the log itself: then its origin stands there.
            if not (leaf.k == "key" and member == "own" and not is_rid(rid)):
                yield member, kind, rid
    if leaf.k == "order" and leaf.scope in _ROOTS:
        yield "root", _ROOTS[leaf.scope], leaf.root
