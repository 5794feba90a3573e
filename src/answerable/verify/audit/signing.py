# SPDX-License-Identifier: Apache-2.0
"""Signatures that stand in leaves (`docs/spec/statements.md`): each by a key that the log knew and had not ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import UNSET, structs

from answerable.crypto.b64 import unb64u
from answerable.errors import VerificationError
from answerable.log import statement
from answerable.model.leaves import CopyLeaf, EventLeaf, KeyLeaf, Leaf, ReceiptLeaf, RosterLeaf, Sig
from answerable.verify.audit.facts import CopyFact, KeyFact, Memory

# What somebody must have signed: none is a finding.
_SIGNED: Final = frozenset(
    {"transfer", "approval", "order", "release", "reauthorisation", "preserve", "revoke", "read", "erase", "grant"}
)
# Where they stand in kinds that have no member for them.
_ONE: Final = "answerable.sig"
_SEVERAL: Final = "answerable.sigs"


def problems(leaf: Leaf, origin: str, memory: Memory) -> Iterator[str]:
    """What is wrong with the leaf's signatures, in words."""
    if isinstance(leaf, ReceiptLeaf):
        copy: CopyFact | None = memory.get("copy", leaf.own)
        if copy is not None:
            yield from _problem(leaf, origin, leaf.sig, copy.pub)
        return
    if isinstance(leaf, EventLeaf):
        teller: CopyFact | KeyFact | None = memory.get("copy", leaf.by) or memory.get("key", leaf.by)
        if teller is None:
            yield "it is told by nobody that the log knows"
        elif teller.end:
            yield f"it is told by a key that leaf {teller.end} ended"
        else:
            yield from _problem(leaf, origin, leaf.sig, teller.pub)
        return
    if isinstance(leaf, RosterLeaf):
        return  # the auditor asks whether it follows the one before it
    try:
        sigs = _signatures(leaf)
    except (TypeError, KeyError, AttributeError):
        yield "an extension that holds no signature"
        return
    if not sigs and leaf.k in _SIGNED:
        yield "nobody signed it"
    for sig in sigs:
        if isinstance(leaf, KeyLeaf) and sig.key == leaf.own:
            # The new key shows that its owner has it; who enrolled it (`by`) is added after that.
            yield from _problem(structs.replace(leaf, by=UNSET), origin, sig.sig, leaf.pub)
            continue
        if isinstance(leaf, CopyLeaf):
            yield from _problem(leaf, origin, sig.sig, leaf.pub)
            continue
        key: KeyFact | None = memory.get("key", sig.key)
        if key is None:
            yield "it is by a key that the log does not know"
        elif key.end:
            yield f"it is by a key that leaf {key.end} ended"
        else:
            yield from _problem(leaf, origin, sig.sig, key.pub)


def _signatures(leaf: Any) -> list[Sig]:
    """Those of the leaf, wherever its kind keeps them. Raises TypeError, KeyError for an extension of another form."""
    sigs: Any = getattr(leaf, "sigs", UNSET)
    found: list[Sig] = [] if sigs is UNSET else list(sigs)
    extensions: Any = {} if leaf.x is UNSET else leaf.x
    listed = [*extensions.get(_SEVERAL, []), *([extensions[_ONE]] if _ONE in extensions else [])]
    for each in listed:
        key, value = each.get("key", ""), each["sig"]
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError
        found.append(Sig(key=key, sig=value))
    return found


def _problem(leaf: Leaf, origin: str, signature: str, public: str) -> Iterator[str]:
    try:
        statement.verify(leaf, origin, Sig(key="", sig=signature), unb64u(public))
    except VerificationError as error:
        yield error.code
