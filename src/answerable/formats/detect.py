# SPDX-License-Identifier: Apache-2.0
"""Which format a file has: its content decides, never its name. Each carrier is imported when the first file of its
format comes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple, cast

from answerable.errors import VerificationError
from answerable.formats.carrier import Carrier
from answerable.formats.streams import unsupported

# What is looked at of a file's beginning.
HEAD: Final = 4_096


class Kind(NamedTuple):
    """sniff: whether the first `HEAD` bytes of a file are of this format; module, attribute: where its carrier class
    stands, or its carrier."""

    name: str
    sniff: Callable[[bytes], bool]
    module: str
    attribute: str


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


# The first that says yes is taken: what begins with fewer bytes of its own stands later. Text comes after all of them.
KINDS: Final[tuple[Kind, ...]] = (
    Kind("jpeg", lambda head: head.startswith(b"\xff\xd8\xff"), "jpeg", "Jpeg"),
    Kind("png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), "png", "Png"),
)

_LEGACY: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def detect(source: BinaryIO) -> Carrier:
    """The carrier for a seekable file, read from its beginning, whatever its position. Raises VerificationError
    ``format.unknown``; ``format.unsupported`` for Office files that are encrypted or older than Office 2007."""
    source.seek(0)
    head = source.read(HEAD)
    for kind in KINDS:
        if kind.sniff(head):
            return make(kind)
    if head.startswith(_LEGACY):
        unsupported("Office", "it is encrypted or in a format older than Office 2007")
    raise VerificationError("format.unknown")


def make(kind: Kind) -> Carrier:
    """A carrier of `kind`."""
    made = getattr(importlib.import_module(f"answerable.formats.{kind.module}"), kind.attribute)
    return cast("Carrier", made() if isinstance(made, type) else made)
