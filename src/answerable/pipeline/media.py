# SPDX-License-Identifier: Apache-2.0
"""Step 6 for pictures, sound and files in an answer: each is labelled where it stands, or the action is refused."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from answerable.errors import Refused
from answerable.model.actions import Chunk
from answerable.model.labels import Label
from answerable.model.media import Medium
from answerable.pipeline.deps import Deps
from answerable.pipeline.record import Record
from answerable.ports import Dialect, MediaLabeller

MAX_FILES: Final = 64  # of one action, each different from the others


async def label_media(piece: Chunk, label: Label, dialect: Dialect, record: Record, deps: Deps) -> None:
    """Label what stands in `piece` beside text, in place; `record` remembers what was made. The same file again, as
    streams repeat it at their end, is the same labelled file.

    Raises Refused ``label.media`` for what cannot be labelled and must be, Unavailable ``label.*``.
    """
    labeller = deps.media
    if labeller is None:
        raise Refused("label.media", detail="this gateway labels no media")
    for medium in piece.media:
        data = _read(medium, labeller)
        if not data:
            continue
        digest = sha256(data).digest()
        made = record.files.get(digest)
        if made is None:
            if len(record.files) >= MAX_FILES:
                raise Refused("label.media", detail=f"more than {MAX_FILES} files in one answer")
            made = record.files[digest] = await labeller.label(
                data, label, agent=_agent(record), original=dialect.original
            )
        if not made.media.startswith(medium.wanted):
            raise Refused("label.media", detail=f"it is {made.media}, not {medium.wanted}")
        medium.write(made.data, made.media)


def _agent(record: Record) -> tuple[str, str]:
    """Name and version of the system that answers."""
    cleared = record.cleared
    return (cleared.model.system.name, cleared.model.system.version) if cleared is not None else ("", "")


def _read(medium: Medium, labeller: MediaLabeller) -> bytes:
    """The file; b"" for what need not be one and is none."""
    try:
        data = medium.read()
    except ValueError:  # UnicodeEncodeError and binascii's are ValueErrors
        data = b""
    if data and labeller.kind(data, must=medium.must):
        return data
    if medium.must:
        raise Refused("label.media", detail="it is no picture, sound or file that carries a label")
    return b""
