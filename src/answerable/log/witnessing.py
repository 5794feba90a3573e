# SPDX-License-Identifier: Apache-2.0
"""What a witness thinks of a checkpoint: the rules of C2SP tlog-witness, "add-checkpoint", in the order of the page.
Pure; who keeps what was seen, and signs, is `answerable.witness`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from answerable.crypto.b64 import unb64
from answerable.errors import Refused, VerificationError
from answerable.log import checkpoint as checkpoints
from answerable.log import note as notes
from answerable.log.head import Checkpoint, read
from answerable.log.merkle import verify_consistency
from answerable.log.note import Note, VerifierKey
from answerable.log.witness import Request


@dataclass(frozen=True, slots=True)
class Shown:
    """A checkpoint that a known log signed. note: with the verified signatures of that log, and no others."""

    head: Checkpoint
    note: Note


def shown(request: Request, logs: Mapping[str, Iterable[VerifierKey]]) -> Shown:
    """Who shows what. logs: origin -> its keys.

    Raises Refused ``witness.request`` (form), ``witness.unknown_log``, ``witness.untrusted``, ``witness.inconsistent``
    (an empty tree with another root).
    """
    try:
        note = notes.parse(request.note)
    except VerificationError as error:
        raise Refused("witness.request", detail=str(error.params.get("detail"))) from None
    origin = note.text.split("\n", 1)[0]
    keys = tuple(logs.get(origin, ()))
    if not keys:
        raise Refused("witness.unknown_log", origin=origin[:256])
    try:
        by = notes.verified(note, keys)
    except VerificationError:
        by = ()
    if not any(key.name == origin and key.kind in checkpoints.LOG_KINDS for key in by):
        raise Refused("witness.untrusted", origin=origin)
    try:
        head = read(note.text)
    except VerificationError as error:
        if _empty_with_a_root(note.text):
            raise Refused("witness.inconsistent", origin=origin, detail="an empty tree has one root") from None
        raise Refused("witness.request", detail=str(error.params.get("detail"))) from None
    known = {(key.name, key.id) for key in by}
    own = tuple(each for each in note.signatures if (each.name, each.id) in known)
    return Shown(head, Note(note.text, own))


def judge(seen: Checkpoint | None, request: Request, head: Checkpoint) -> None:
    """Return if the witness may cosign `head`, that of the request. seen: what it cosigned last of this log.

    Raises Refused ``witness.request`` (the old size is beyond the new), ``witness.conflict`` (`size` in its parameters:
    ask from there), ``witness.inconsistent``.
    """
    size = seen.size if seen else 0
    if request.old > head.size:
        raise Refused("witness.request", detail="an old size beyond that of the checkpoint")
    if request.old != size:
        raise Refused("witness.conflict", origin=head.origin, size=size)
    if seen is None or not seen.size:
        if request.proof:
            raise Refused("witness.inconsistent", origin=head.origin, detail="a proof from the empty tree")
        return
    try:
        verify_consistency(seen.size, seen.root, head.size, head.root, request.proof)
    except VerificationError as error:
        raise Refused("witness.inconsistent", origin=head.origin, detail=str(error.params.get("detail"))) from None


def two_faces(seen: Checkpoint | None, head: Checkpoint) -> bool:
    """Whether the two contradict each other by themselves: one size, two roots. That they were signed by one log is
    proof of its guilt, with nothing else beside."""
    return seen is not None and (seen.origin, seen.size) == (head.origin, head.size) and seen.root != head.root


def _empty_with_a_root(text: str) -> bool:
    lines = text.split("\n")
    try:
        return len(lines) == 4 and lines[1] == "0" and len(unb64(lines[2])) == 32
    except VerificationError:
        return False
