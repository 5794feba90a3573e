# SPDX-License-Identifier: Apache-2.0
"""Does this leaf stand in a trusted log? A C2SP tlog-proof@v1 file and the leaf's bytes, checked in the order of that
specification, "Verifying a tlog proof"."""

from __future__ import annotations

from answerable.errors import Unavailable
from answerable.log import proof as proofs
from answerable.log.leaf import MAX_LEAF, decode, leaf_hash, rid_of
from answerable.log.merkle import verify_inclusion
from answerable.log.trust import Trust
from answerable.verify.report import Logged

# Nodes, a leaf in base64 and a checkpoint with the most signatures that a note may have.
MAX_PROOF = 256 * 1024


def verify(data: bytes, trust: Trust, leaf: bytes | None = None) -> Logged:
    """Where the leaf stands, in which log that `trust` names.

    leaf: its bytes; by default those in the file's `extra` line, which nothing but the proof vouches for. Raises
    Unavailable ``receipt.leafless`` where there is none, VerificationError ``receipt.malformed``, ``log.leaf``,
    ``log.untrusted``, ``log.signature``, ``log.quorum``, ``log.note``, ``log.checkpoint``, ``log.proof``.
    """
    if len(data) > MAX_PROOF:
        raise proofs.malformed("longer than 256 KiB")
    proof = proofs.parse(data)
    if leaf is None:
        leaf = proof.extra
        if not leaf:
            raise Unavailable("receipt.leafless")
    if len(leaf) > MAX_LEAF:
        raise proofs.malformed("a leaf over 65,535 bytes")
    # 1. The leaf hash.
    digest = leaf_hash(leaf)
    # 2 and 3. The checkpoint: signed by a trusted log, cosigned as the trust file demands.
    judged = trust.judge(proof.checkpoint)
    head = judged.checkpoint
    # 4. The path from the leaf to the root of that checkpoint.
    verify_inclusion(digest, proof.index, head.size, proof.path, head.root)
    witnesses = tuple(sorted(judged.cosigned.items()))
    return Logged(rid_of(digest), decode(leaf), leaf, head.origin, proof.index, head.size, head.root, witnesses)
