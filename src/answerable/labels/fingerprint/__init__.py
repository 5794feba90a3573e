# SPDX-License-Identifier: Apache-2.0
"""Fingerprints of pictures, sounds and videos (`model.prints`), and sketches of texts (`marks.sketch`): what stays
nearly the same when a file is converted, made smaller or sent through a service that takes its metadata away.

Each module says which changes its fingerprint survives, and which it does not; `docs/reference/tracing.md` has the
figures.
"""

from __future__ import annotations

from typing import BinaryIO

from answerable.errors import AnswerableError, VerificationError
from answerable.model.prints import Print


def fingerprint(source: BinaryIO, media: str) -> tuple[Print, ...]:
    """The fingerprints of a file: those of its medium, none for another medium or for what shows too little to be told
    from other files. media: its media type, as the carrier says.

    Raises VerificationError ``format.malformed|oversized``, Unavailable ``label.extra``.
    """
    medium = media.partition("/")[0]
    if medium == "image":
        from answerable.labels.fingerprint.decoding import picture
        from answerable.labels.fingerprint.image import of_image

        try:
            return of_image(picture(source))
        except AnswerableError:
            raise
        except Exception as error:  # noqa: BLE001  what stands beside the pixels, as Exif, may be anything
            raise VerificationError("format.malformed", format="picture", detail=type(error).__name__) from None
    if medium == "audio":
        from answerable.labels.fingerprint.sound import of_sound

        found = of_sound(source)
    elif medium == "video":
        from answerable.labels.fingerprint.video import of_video

        found = of_video(source)
    else:
        return ()
    return () if found is None else (found,)
