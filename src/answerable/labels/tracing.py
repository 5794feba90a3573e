# SPDX-License-Identifier: Apache-2.0
"""What is taken of a file so that it can be found again when its label is gone, and to look for a file that somebody
has: digests, fingerprints, a sketch, the watermark. The file itself goes nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Final

from answerable.errors import AnswerableError
from answerable.formats.carrier import Carrier
from answerable.labels import content
from answerable.labels.files import CHUNK, Source, opened
from answerable.labels.fingerprint import fingerprint
from answerable.marks.sketch import ASKED, KEPT, sketch
from answerable.model.prints import Print

# Where the watermark is looked for: at its place, then everywhere.
PLACE: Final = "place"
FULL: Final = "full"


@dataclass(frozen=True, slots=True)
class Traces:
    """digest: SHA-256 of the bytes; content: that of what the file shows or says, b"" where its format tells none;
    prints: fingerprints; sketch: of its words; watermark: its 48 bits, None for none or where there is no key;
    problems: what could not be taken, by the code of why: the rest stands."""

    digest: bytes
    content: bytes = b""
    prints: tuple[Print, ...] = ()
    sketch: tuple[int, ...] = ()
    watermark: int | None = None
    problems: tuple[str, ...] = ()


def traces(
    source: Source, carrier: Carrier | None, *, watermark_key: bytes | None = None, looked_for: bool = False
) -> Traces:
    """carrier: its format, None for one that nobody knows, of which there is a digest alone. looked_for: it is
    somebody's file, of which a part may be another's, and the watermark is looked for everywhere; else it is what was
    just labelled.

    Never raises for what the file holds. Raises Refused ``label.source``.
    """
    problems: list[str] = []
    with opened(source) as file:
        digest = _digest(file)
        shown, mark = b"", None
        prints: tuple[Print, ...] = ()
        words: tuple[int, ...] = ()
        if carrier is None:
            return Traces(digest)
        try:
            shown = content.digest(file, carrier.name, carrier.media)
            words = sketch(content.text(file, carrier.name), ASKED if looked_for else KEPT)
        except AnswerableError as error:
            problems.append(_why(error))
        try:
            prints = fingerprint(file, carrier.media)
        except AnswerableError as error:
            problems.append(_why(error))
        if watermark_key is not None:
            try:
                mark = _watermark(file, carrier.name, watermark_key, everywhere=looked_for)
            except AnswerableError as error:
                problems.append(_why(error))
    return Traces(digest, shown, prints, words, mark, tuple(dict.fromkeys(problems)))


def _watermark(file: BinaryIO, format: str, key: bytes, *, everywhere: bool) -> int | None:
    from answerable.labels import watermarking

    found = watermarking.extract(file, format, key, search=PLACE)
    if found is None and everywhere:
        found = watermarking.extract(file, format, key, search=FULL)
    return None if found is None else found.payload


def _why(error: AnswerableError) -> str:
    """The code, and of an extra that is missing which."""
    return f"extra:{error.params['extra']}" if error.code == "label.extra" else error.code


def _digest(file: BinaryIO) -> bytes:
    file.seek(0)
    hashed = sha256()
    while data := file.read(CHUNK):
        hashed.update(data)
    return hashed.digest()
