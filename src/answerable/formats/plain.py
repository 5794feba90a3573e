# SPDX-License-Identifier: Apache-2.0
"""Plain text has no field for an AIGC object (GB 45438-2025 section 6): its label is the words in it. An object that
somebody wrote into a line of it is read."""

from __future__ import annotations

from typing import BinaryIO, Final

from answerable.formats import embedded
from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried
from answerable.formats.splice import Source
from answerable.formats.streams import oversized, unsupported

# What is searched at once; an object may begin in one and end in the next.
_WINDOW: Final = 1_048_576
MAX_FILE: Final = 1_073_741_824


class Plain:
    """`formats.carrier.Carrier` of plain text."""

    name = "plain"
    media = "text/plain"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        file = Source(source, self.name)
        if file.size > MAX_FILE:
            oversized(self.name, f"longer than {MAX_FILE} bytes")
        start = file.at(0, min(2, file.size))
        encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(start, "latin-1")
        unit = 1 if encoding == "latin-1" else 2
        found: list[Carried] = []
        at = 0
        while at < file.size and len(found) < MAX_FOUND:
            data = file.at(at, min(_WINDOW + MAX_TEXT * unit, file.size - at))
            if unit == 1 and not embedded.possible(data):
                if at + len(data) >= file.size:
                    break
                at += len(data) - embedded.LONGEST  # the beginning of one may be cut at the end
                continue
            text = data[: len(data) // unit * unit].decode(encoding, "replace")
            end = _WINDOW // unit
            for each in embedded.find(text, self.name):
                begins = each.start < _WINDOW // unit or at + len(data) >= file.size
                if begins and "\n" not in each.text and len(found) < MAX_FOUND:
                    end = max(end, each.end)
                    name = "text (other schema)" if each.other else "text"
                    found.append(Carried(name, each.text.encode("latin-1" if unit == 1 else "utf-8", "replace")))
            if at + len(data) >= file.size:
                break
            # A character beyond 16 bits has two units, so that what stands behind it is farther on than it seems.
            at += end if unit == 1 else len(text[:end].encode(encoding, "replace"))
        return tuple(found)

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        unsupported(self.name, "it has no field for a label: the words in it are its label")
