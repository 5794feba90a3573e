# SPDX-License-Identifier: Apache-2.0
"""Which format a file has: its content decides, never its name. Each carrier is imported when the first file of its
format comes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from inspect import isclass, isfunction
from typing import BinaryIO, Final, NamedTuple, cast

from answerable.errors import VerificationError
from answerable.formats import sniff_av
from answerable.formats.carrier import Carrier
from answerable.formats.streams import unsupported

# What is looked at of a file's beginning.
HEAD: Final = 4_096


class Kind(NamedTuple):
    """sniff: whether the first `HEAD` bytes of a file are of this format; module, attribute: where its carrier class
    stands, or the carrier itself, or
    a function that chooses one by more of the file than its head."""

    name: str
    sniff: Callable[[bytes], bool]
    module: str
    attribute: str


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


# The first that says yes is taken: what begins with fewer bytes of its own stands later. Text comes after all of them.
KINDS: Final[tuple[Kind, ...]] = (
    Kind("jpeg", lambda head: head.startswith(b"\xff\xd8\xff"), "jpeg", "Jpeg"),
    Kind("webp", _riff(b"WEBP"), "webp", "WebP"),
    Kind("gif", lambda head: head.startswith((b"GIF87a", b"GIF89a")), "gif", "Gif"),
    Kind("tiff", lambda head: head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")), "tiff", "Tiff"),
    Kind("ooxml", lambda head: head.startswith((b"PK\3\4", b"PK\5\6")), "ooxml", "of"),
    Kind("png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), "png", "Png"),
    Kind("pdf", lambda head: head.startswith(b"%PDF-"), "pdf", "Pdf"),
    Kind("wav", sniff_av.wav, "riff", "Wav"),
    Kind("avi", sniff_av.avi, "riff", "Avi"),
    Kind("id3", lambda head: head.startswith(sniff_av.TAGGED), "id3", "of"),
    Kind("flac", sniff_av.flac, "flac", "Flac"),
    Kind("opus", sniff_av.opus, "ogg", "Opus"),
    Kind("ogg", sniff_av.ogg, "ogg", "Ogg"),
    Kind("m4a", sniff_av.m4a, "isobmff", "M4a"),
    Kind("mov", sniff_av.mov, "isobmff", "Mov"),
    Kind("mp4", sniff_av.mp4, "isobmff", "Mp4"),
    Kind("mkv", sniff_av.mkv, "ebml", "Mkv"),
    Kind("webm", sniff_av.webm, "ebml", "Webm"),
    Kind("mp3", sniff_av.mp3, "id3", "Mp3"),
    Kind("text", lambda head: True, "text", "of"),
)

_LEGACY: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def detect(source: BinaryIO) -> Carrier:
    """The carrier for a seekable file, read from its beginning, whatever its position. Raises VerificationError
    ``format.unknown``; ``format.unsupported`` for Office files that are encrypted or older than Office 2007."""
    source.seek(0)
    head = source.read(HEAD)
    if head.startswith(_LEGACY):
        unsupported("Office", "it is encrypted or in a format older than Office 2007")
    for kind in KINDS:
        if kind.sniff(head):
            return make(kind, source)
    raise VerificationError("format.unknown")


def make(kind: Kind, source: BinaryIO) -> Carrier:
    """The carrier of `kind` for `source`. Raises VerificationError as `detect`."""
    made = getattr(importlib.import_module(f"answerable.formats.{kind.module}"), kind.attribute)
    return cast("Carrier", made(source) if isfunction(made) else made() if isclass(made) else made)
