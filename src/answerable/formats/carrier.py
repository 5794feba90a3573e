# SPDX-License-Identifier: Apache-2.0
"""The contract of a file format that carries an AIGC object (GB 45438-2025 Appendix E and the field tables of its
practice guides). One module a format; each is a stream in, a stream out, and opens no file itself.

A carrier moves text and knows nothing of what it says: `answerable.marks.aigc` reads and writes the object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

# An AIGC object has 16 KiB at most (`answerable.marks.aigc.MAX_BYTES`); escaped as XMP or JSON in JSON it grows.
MAX_TEXT = 131_072
# So many are reported of a file that holds more: one is right, the rest is a fault that needs no complete list.
MAX_FOUND = 16


@dataclass(frozen=True, slots=True)
class Carried:
    """One AIGC object as it stands in a file. place: where, in the format's own words, e.g. "APP1 XMP TC260:AIGC";
    text: its bytes with the format's own escaping undone, at most `MAX_TEXT` of them."""

    place: str
    text: bytes


class Carrier(Protocol):
    """How one format carries the object. `source` is seekable and read from its beginning, whatever its position;
    memory stays bounded whatever the file's size.

    Foreign bytes raise `VerificationError` alone: ``format.malformed`` for a broken structure, ``format.unsupported``
    for a variant that cannot be written without harm, ``format.oversized`` beyond a bound that the module names.
    """

    name: str  # "jpeg"
    media: str  # "image/jpeg"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        """Every object found, in the order of the file, `MAX_FOUND` at most; () for none. Every place that is known
        from the wild is looked at, not only the one that `write` uses."""

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        """The file again with exactly one object, `text` (ASCII JSON, never empty), where the standard's practice guide
        puts it; objects that stood there or elsewhere before are replaced. All else stays byte for byte as it was where
        the format allows: pixels, samples, and metadata that is not ours."""
