# SPDX-License-Identifier: Apache-2.0
"""Signatures that stand in leaves (`docs/spec/statements.md`): each by a key that the log knew and had not ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec import UNSET

from answerable.crypto.b64 import unb64u
from answerable.errors import VerificationError
from answerable.log import statement
from answerable.model.leaves import KeyLeaf, Leaf, ReceiptLeaf, Sig
from answerable.verify.audit.facts import CopyFact, KeyFact, Memory

# Who signs these is not asked by the leaf itself: an empty list is a finding.
_SIGNED: Final = frozenset({"transfer", "approval", "order", "release", "reauthorisation"})


def problems(leaf: Leaf, origin: str, memory: Memory) -> Iterator[str]:
    """What is wrong with the leaf's signatures, in words."""
    if isinstance(leaf, ReceiptLeaf):
        copy: CopyFact | None = memory.get("copy", leaf.own)
        if copy is not None:
            yield from _problem(leaf, origin, Sig(key=leaf.own, sig=leaf.sig), copy.pub)
        return
    sigs: Any = getattr(leaf, "sigs", UNSET)
    if sigs is UNSET:
        return
    if not sigs and leaf.k in _SIGNED:  # type: ignore[attr-defined]  # every kind declares it
        yield "nobody signed it"
    for sig in sigs:
        if isinstance(leaf, KeyLeaf) and sig.key == leaf.own:
            yield from _problem(leaf, origin, sig, leaf.pub)  # the new key shows that its owner has it
            continue
        key: KeyFact | None = memory.get("key", sig.key)
        if key is None:
            yield "it is by a key that the log does not know"
        elif key.end:
            yield f"it is by a key that leaf {key.end} ended"
        else:
            yield from _problem(leaf, origin, sig, key.pub)


def _problem(leaf: Leaf, origin: str, sig: Sig, public: str) -> Iterator[str]:
    try:
        statement.verify(leaf, origin, sig, unb64u(public))
    except VerificationError as error:
        yield error.code
