# SPDX-License-Identifier: Apache-2.0
"""Is this COSE receipt true? RFC 9942 sections 5.2.1 and 5.3.1: proofs first, they give the root; then the signature
over it, by a key of the trust file. (`docs/spec/cose.md`)

COSE has no place for the cosignatures of witnesses, so where the trust file demands them this form never suffices.
"""

from __future__ import annotations

from dataclasses import dataclass

from answerable.crypto import ed25519
from answerable.errors import VerificationError
from answerable.log import cose
from answerable.log.checkpoint import Checkpoint
from answerable.log.cose import Consistency, Inclusion
from answerable.log.leaf import decode, rid
from answerable.log.merkle import consistency_root
from answerable.log.note import Kind
from answerable.log.proof import malformed
from answerable.log.receipt import Proved
from answerable.log.trust import Trust
from answerable.verify.links import Placed
from answerable.verify.receipt import tell
from answerable.verify.report import Logged, Report


@dataclass(frozen=True, slots=True)
class Extended:
    """A log that only grew: its tree of `old` leaves is the beginning of that of `new` leaves, whose root is `root`."""

    origin: str
    old: int
    new: int
    root: bytes


def verify(data: bytes, trust: Trust) -> Report | Logged:
    """A receipt of several leaves is of a record, of one leaf of that leaf alone. Raises as `verify_record`."""
    receipt = cose.parse(data)
    whole = isinstance(receipt, Inclusion) and receipt.leaves
    return verify_record(data, trust) if whole else verify_leaf(data, trust)


def verify_record(data: bytes, trust: Trust) -> Report:
    """What a receipt of a whole record proves; names and contents are never disclosed in this form.

    Raises VerificationError: ``receipt.malformed`` (form), ``log.proof``, ``log.leaf`` (leaves), ``log.untrusted``,
    ``receipt.signature``, ``log.signature``, ``log.quorum`` (head), and as `receipt.verify` for the path.
    """
    receipt, head = _inclusion(data, trust)
    record, *others = (_placed(part) for part in (receipt.record, *receipt.leaves))
    return tell(record, others, (), head)


def verify_leaf(data: bytes, trust: Trust) -> Logged:
    """Where the first leaf of a receipt of inclusion stands. Raises as `verify_record`, but nothing of the path."""
    receipt, head = _inclusion(data, trust)
    placed = _placed(receipt.record)
    return Logged(placed.rid, placed.leaf, receipt.record.leaf, head.origin, receipt.record.index, head.size, head.root)


def verify_consistency(data: bytes, trust: Trust, old: Checkpoint) -> Extended:
    """That the log only grew since `old`, which the reader has checked and kept.

    Raises as `verify_leaf`; ``log.proof`` if the proof starts from another tree.
    """
    receipt = cose.parse(data)
    if not isinstance(receipt, Consistency):
        raise malformed("a receipt of inclusion, not of consistency")
    if (receipt.origin, receipt.old) != (old.origin, old.size):
        raise VerificationError("log.proof", detail="it starts from another tree than the one that was kept")
    root = consistency_root(receipt.old, old.root, receipt.new, receipt.path)
    _check(receipt, root, trust)
    return Extended(receipt.origin, receipt.old, receipt.new, root)


def _inclusion(data: bytes, trust: Trust) -> tuple[Inclusion, Checkpoint]:
    receipt = cose.parse(data)
    if not isinstance(receipt, Inclusion):
        raise malformed("a receipt of consistency, not of inclusion")
    root = cose.inclusion_roots(receipt)
    _check(receipt, root, trust)
    return receipt, Checkpoint(receipt.origin, receipt.size, root)


def _check(receipt: Inclusion | Consistency, root: bytes, trust: Trust) -> None:
    keys = {known.id: known for known in trust.logs if known.name == receipt.origin}
    if not keys:
        raise VerificationError("log.untrusted", origin=receipt.origin)
    key = keys.get(receipt.key)
    if key is None or key.kind is not Kind.ED25519:
        raise VerificationError("receipt.signature", name=receipt.origin)
    ed25519.verify(key.public, cose.signed(receipt, root), receipt.signature)
    if not trust.met({}):
        raise VerificationError("log.quorum", origin=receipt.origin, quorum=trust.quorum)


def _placed(part: Proved) -> Placed:
    return Placed(rid(part.leaf), decode(part.leaf), part)
