# SPDX-License-Identifier: Apache-2.0
"""What the log keeps of a file that was labelled: the canonical bodies behind its record's commitments
(`docs/spec/content.md`, Files). The file itself is not kept: its digests are, so that it is known again."""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.crypto import canonical
from answerable.errors import VerificationError

VERSION: Final = 1


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Behind `in`. before: SHA-256, hex, of the file as it came; label: the AIGC object that stood in it."""

    before: str
    label: str = ""
    media: str
    size: int
    v: int


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Behind `out`. aigc: the AIGC object as it was written; digest: SHA-256, hex, of the labelled file; before: that
    of the file as it came; content: that of what it shows or says (`labels.content`), "" where its format tells none;
    layers: names of those that were written; size: bytes of the labelled file."""

    aigc: str
    before: str
    content: str = ""
    digest: str
    layers: tuple[str, ...]
    media: str
    size: int
    v: int


_decode = msgspec.json.Decoder(Kept).decode


def body(said: Asked | Kept) -> bytes:
    """The canonical bytes (RFC 8785)."""
    return canonical.dumps(msgspec.to_builtins(said))


def read(data: bytes) -> Kept | None:
    """The file behind a record's `out`, None where that is something else."""
    try:
        found = _decode(data)
        return found if found.v == VERSION and body(found) == data else None
    except (msgspec.MsgspecError, ValueError, RecursionError, VerificationError):  # ValueError: no UTF-8
        return None


class _Answer(msgspec.Struct, frozen=True):
    files: tuple[Kept, ...] = ()


_answer = msgspec.json.Decoder(_Answer).decode


def files(data: bytes) -> tuple[Kept, ...]:
    """The files behind a record's `out`: the one that a person labelled, or those in an answer of the gate
    (`docs/spec/content.md`); none where it is something else."""
    if (one := read(data)) is not None:
        return (one,)
    try:
        return tuple(each for each in _answer(data).files if each.v == VERSION)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ()
