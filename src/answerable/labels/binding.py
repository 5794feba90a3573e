# SPDX-License-Identifier: Apache-2.0
"""For which content a label was signed (`marks.binding`), taken of a file that is labelled and compared with a file
that is read: so that a label which was moved to another file is noticed without any log at hand.

What a file shows, plays or says is what counts: it may have been saved in another format since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Final

from answerable.errors import AnswerableError
from answerable.formats.carrier import Carrier
from answerable.labels.files import size
from answerable.labels.tracing import traces
from answerable.marks.binding import Bound, Match, compare
from answerable.model.prints import Kind, Print

# Larger files are compared only by who asks for a full search: all of them is read for it.
MAX_READ: Final = 64 << 20
LARGE: Final = "large"
_GIF: Final = "image/gif"
# Of several that were signed the worst decides.
_ORDER: Final = (Match.DIFFERS, Match.CHANGED, Match.ALIKE, Match.SAME)


def taken(file: BinaryIO, carrier: Carrier) -> Bound:
    """What a label of this file is signed for; false where nothing can be told of its content: a PDF, or an extra that
    is not installed."""
    its = traces(file, carrier)
    return Bound(its.content, its.prints, its.sketch)


def matched(file: BinaryIO, carrier: Carrier, bound: Sequence[Bound], *, large: bool) -> tuple[Match | None, str]:
    """How far a file is what its label was signed for; (None, why) where that cannot be told here. bound: of producer
    and propagator, one at least; large: files of any size are read."""
    if not large and size(file) > MAX_READ:
        return None, LARGE
    its = traces(file, carrier, looked_for=True)
    seen = Bound(its.content, (*its.prints, *_played(file, carrier, bound)), its.sketch)
    if not seen:
        return None, next(iter(its.problems), "")
    found = min((compare(each, seen) for each in bound), key=_ORDER.index)
    if found is Match.CHANGED and not seen.content:
        return None, next(iter(its.problems), "")
    return found, ""


def _played(file: BinaryIO, carrier: Carrier, bound: Sequence[Bound]) -> tuple[Print, ...]:
    """The fingerprint of a GIF as a film, where a film is what the label was signed for; a GIF of a part of it is
    another film, and nothing is said by that."""
    if carrier.media != _GIF or all(each.kind is not Kind.VIDEO for one in bound for each in one.prints):
        return ()
    from answerable.labels.fingerprint.video import of_video

    try:
        found = of_video(file)
    except AnswerableError:
        return ()
    return () if found is None else (found,)
