# SPDX-License-Identifier: Apache-2.0
"""The words between a log and a witness (C2SP tlog-witness, "add-checkpoint"): the request's form, and the log's side
of a dialogue. Pure: who sends them is `answerable.witness`; what a witness thinks of a request is `log.witnessing`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from answerable.crypto.b64 import b64, unb64
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.log import cosignature
from answerable.log import note as notes
from answerable.log.head import Checkpoint, read
from answerable.log.merkle import HASH_LENGTH, MAX_SIZE
from answerable.log.note import MAX_NOTE, Note, Signature, VerifierKey

ADD_CHECKPOINT: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
MAX_PROOF: Final = 63
MAX_REQUEST: Final = MAX_NOTE + MAX_PROOF * 64
MAX_ANSWER: Final = MAX_NOTE
# A witness that is asked by others meanwhile may have moved on more than once.
MAX_TURNS: Final = 4
_OLD: Final = re.compile(rb"old (0|[1-9][0-9]{0,15})", re.ASCII)
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n", re.ASCII)
_REFUSALS: Final = {
    400: "witness.request",
    403: "witness.untrusted",
    404: "witness.unknown_log",
    422: "witness.inconsistent",
}


@dataclass(frozen=True, slots=True)
class Request:
    """old: leaves that the witness has seen; proof: RFC 6962 consistency proof from there; note: the checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


def write(request: Request) -> bytes:
    lines = "".join((f"old {request.old}\n", *(f"{b64(node)}\n" for node in request.proof), "\n"))
    return lines.encode("ascii") + request.note


def parse(data: bytes) -> Request:
    """Raises Refused ``witness.request`` for anything but the one encoding. The note is not looked at."""
    if len(data) > MAX_REQUEST:
        raise _malformed("too long")
    head, blank, note = data.partition(b"\n\n")
    first, *rest = head.split(b"\n")
    old = _OLD.fullmatch(first)
    if not blank or old is None or int(old[1]) > MAX_SIZE:
        raise _malformed("it does not begin with an old size, a proof and an empty line")
    if len(rest) > MAX_PROOF:
        raise _malformed("more than 63 proof lines")
    try:
        proof = tuple(unb64(line.decode("ascii")) for line in rest)
    except (VerificationError, UnicodeDecodeError):
        raise _malformed("a proof line that is not base64") from None
    if any(len(node) != HASH_LENGTH for node in proof):
        raise _malformed("a proof line that is not a hash")
    return Request(int(old[1]), proof, note)


def origin_hash(origin: str) -> str:
    """By which a witness's reading side knows a log: ``/<origin hash>/checkpoint``."""
    return sha256(origin.encode()).hexdigest()


class Dialogue:
    """One witness is asked to cosign one checkpoint: `request`, then `take` its answer, until that returns signatures.

    keys: by which it cosigns; name: for messages; known: leaves that it is believed to have seen.
    """

    def __init__(self, name: str, keys: Sequence[VerifierKey], note: Note, known: int) -> None:
        self._name = name
        self._keys = tuple(keys)
        self._note = note
        self._head: Checkpoint = read(note.text)
        self._turns = 0
        self.old = min(known, self._head.size)

    @property
    def size(self) -> int:
        return self._head.size

    def request(self, proof: Iterable[bytes]) -> bytes:
        """proof: from `old` to `size`; empty where `old` is 0 or the size itself."""
        return write(Request(self.old, tuple(proof), self._note.data))

    def take(self, status: int, content_type: str, body: bytes) -> tuple[Signature, ...]:
        """The witness's cosignatures, verified; none: ask again, from `old` as it now is.

        Raises Refused ``witness.request|untrusted|unknown_log|inconsistent`` as it refused, Unavailable
        ``witness.ahead`` where it has seen more than there is, ``witness.answer`` for anything else.
        """
        self._turns += 1
        if status == 200:
            return self._signatures(body)
        if status == 409 and content_type == SIZE_TYPE:
            size = _SIZE.fullmatch(body)
            if size is None or self._turns >= MAX_TURNS:
                raise self._answer("a conflict without end" if size else "a conflict without a size")
            if int(size[1]) > self._head.size:
                raise Unavailable("witness.ahead", name=self._name, size=int(size[1]), own=self._head.size)
            self.old = int(size[1])
            return ()
        if status in _REFUSALS:
            raise self._refusal(status)
        raise self._answer(f"HTTP status {status}")

    def _signatures(self, body: bytes) -> tuple[Signature, ...]:
        try:
            lines = Note(self._note.text, notes.signatures(body.decode("utf-8")))
            # Verified before anything else is made of it; keys that are not known are passed over.
            good = {(key.name, key.id) for key in notes.verified(lines, self._keys)}
        except (VerificationError, UnicodeDecodeError):
            raise self._answer("signatures that do not verify") from None
        found = tuple(each for each in lines.signatures if (each.name, each.id) in good)
        if not found:
            raise self._answer("no signature by a key of the policy")
        if any(cosignature.time_of(each.value) == 0 for each in found):
            raise self._answer("a cosignature without its time")
        return found

    def _refusal(self, status: int) -> AnswerableError:
        detail = f"as the witness {self._name} says"
        return Refused(_REFUSALS[status], origin=self._head.origin, detail=detail)

    def _answer(self, detail: str) -> Unavailable:
        return Unavailable("witness.answer", name=self._name, detail=detail)


def _malformed(detail: str) -> Refused:
    return Refused("witness.request", detail=detail)
