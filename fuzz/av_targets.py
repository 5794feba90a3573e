# SPDX-License-Identifier: Apache-2.0
"""Sound and video of strangers: what a carrier reads is read within its bounds, and whatever its writer accepts reads
back to exactly one object, the second time as well."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Final

from answerable.formats import id3, vorbis_comment
from answerable.formats.carrier import Carrier
from answerable.formats.ebml import Mkv, Webm
from answerable.formats.flac import Flac
from answerable.formats.isobmff import M4a, Mov, Mp4
from answerable.formats.ogg import Ogg, Opus
from answerable.formats.riff import Avi, Wav
from answerable.formats.splice import Source
from fuzz.format_targets import check

_CARRIERS: Final[tuple[Carrier, ...]] = (
    Avi(),
    Flac(),
    M4a(),
    Mkv(),
    Mov(),
    id3.Mp3(),
    Mp4(),
    Ogg(),
    Opus(),
    Wav(),
    Webm(),
)


def _target(carrier: Carrier) -> Callable[[bytes], object]:
    return lambda data: check(carrier, data)


def _comments(data: bytes) -> None:
    source = Source(BytesIO(data), "ogg")
    found = vorbis_comment.parse(data, source)
    again = vorbis_comment.parse(found.with_object(b"{}"), source)
    assert again.texts() == [b"{}"]
    assert again.rest == found.rest
    assert vorbis_comment.parse(again.with_object(None), source).texts() == []


AV_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    **{f"format_{carrier.name}": _target(carrier) for carrier in _CARRIERS},
    "format_comments": _comments,
    "format_id3": lambda data: id3.of(BytesIO(data)),
}
