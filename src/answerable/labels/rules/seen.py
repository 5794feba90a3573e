# SPDX-License-Identifier: Apache-2.0
"""What people see or hear of a label, found again by measuring. Nothing here reads letters in pixels or words in sound:
what this project draws and plays is found, of others' labels it is said that they cannot be seen from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

FOUND: Final = "found"  # there, and as the standard asks
SHORT: Final = "short"  # there, and too small, too faint or too brief
ABSENT: Final = "absent"  # not there: all of it was looked at, and nothing could be missed
OTHER_WORDS: Final = "other"  # words of the sense, which are not those that the standard names
UNSEEN: Final = "unseen"  # nothing was found, and something could be there


@dataclass(frozen=True, slots=True)
class Seen:
    """certain: nothing but a label looks or reads like it."""

    state: str
    detail: str
    detail_zh: str
    certain: bool = False


def look(file: BinaryIO, format: str, media: str, medium: str) -> Seen:
    """Raises VerificationError ``format.*`` for pixels, samples or text that cannot be read; Unavailable
    ``label.extra``."""
    if medium == "image":
        from answerable.labels.rules.seen_picture import look as see

        return see(file, media)
    if medium == "video":
        from answerable.labels.rules.seen_video import look as watch

        return watch(file)
    if medium == "audio":
        from answerable.labels.rules.seen_sound import look as hear

        return hear(file)
    from answerable.labels.rules.seen_text import look as peruse

    return peruse(file, format)
