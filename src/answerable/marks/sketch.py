# SPDX-License-Identifier: Apache-2.0
"""A sketch of a text, by which a text that was edited is found again: the least hashes of its shingles (A. Broder, "On
the resemblance and containment of documents", 1997), of which two texts share about as many as they share shingles.

A shingle is a few words in a row. One that begins with a word of a certain class is looked at, about every sixth, the
same ones in every copy. Case, punctuation, markup and line breaks do not count. What survives: words changed here and
there, sentences taken out, added or moved, an excerpt, the text within another. What does not: a translation, a
paraphrase throughout, and texts of fewer than some fifty words, which have too few shingles to tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence
from typing import Final, TypeVar
from zlib import crc32

# Hashes in the sketch of what is kept; of what is asked about all up to `ASKED` are compared, so that an excerpt of it
# and what stands within a longer text are found too.
KEPT: Final = 24
ASKED: Final = 600
# Fewer than these tell nothing.
LEAST: Final = 5
WORDS: Final = 4
CHARACTERS: Final = 8  # of scripts that write no spaces
MAX_CHARS: Final = 200_000
Hash = TypeVar("Hash", int, bytes)  # as they are, or keyed
_CLASS: Final = 2
_CLASSES: Final = 4
# Scripts without spaces are taken character by character: Han, kana, Thai, Lao, Khmer, Burmese.
_ALONE: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_tokens = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+").findall
_alone = re.compile(rf"[{_ALONE}]").match


def sketch(text: str, most: int = KEPT) -> tuple[int, ...]:
    """The `most` least 32-bit hashes of the text's shingles, ascending; none for a text that has too few of them."""
    text = text[:MAX_CHARS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    words = _tokens(text.lower())
    spaced = text.isascii()
    found = set()
    for at, word in enumerate(words):
        if ord(word[0]) % _CLASSES == _CLASS:
            length = WORDS if spaced or not _alone(word) else CHARACTERS
            shingle = words[at : at + length]
            if len(shingle) == length:
                found.add(crc32(" ".join(shingle).encode("utf-8", "surrogatepass")))
    return tuple(sorted(found)[:most]) if len(found) >= LEAST else ()


def within(asked: Sequence[Hash], kept: Container[Hash]) -> int:
    """How many of the hashes that are asked about, ascending, are no greater than the greatest that is kept too: that
    part of the text alone can be compared with a sketch, which holds the least hashes."""
    return max((at for at, each in enumerate(asked, 1) if each in kept), default=0)


def enough(shared: int, kept: int, within: int) -> bool:
    """Whether a text that shares so many of the `kept` hashes of another's sketch is probably made from it: the bound
    at which the false alarms were measured (`docs/reference/tracing.md`). within: as above.

    A quarter of what is kept, and a third of it or of what the text has there: an excerpt holds little of the whole
    and nothing else, a longer text holds the whole and much else, and two texts that share phrases of their trade hold
    much else both.
    """
    return shared >= LEAST and shared * 4 >= kept and shared * 3 >= min(kept, within)
