# SPDX-License-Identifier: Apache-2.0
"""Labels that people see and hear (GB 45438-2025 section 5): words on pictures and on the opening of videos, a rhythm
or a spoken phrase in sound, words in text. Each is measured again on what was written, and refused where it falls
short."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from answerable.labels.explicit import pictures, sounds, texts, videos
    from answerable.labels.explicit.plan import Plan

    Report = pictures.Report | sounds.Report | texts.Report | videos.Report


def render(source: BinaryIO, target: BinaryIO, media: str, plan: Plan) -> Report:
    """`source`, a file of type `media`, in `target` (writable, readable and seekable) with the explicit label of
    `plan`.

    Raises Refused ``label.explicit`` for content that cannot carry it; VerificationError ``label.explicit`` if what was
    written falls short, ``format.*`` for the file; Unavailable ``label.extra``, ``label.synthesiser``. `target` is then
    of no use.
    """
    kind = media.partition("/")[0]
    if kind == "image":
        from answerable.labels.explicit import pictures

        return pictures.render(source, target, media, plan)
    if kind == "audio":
        from answerable.labels.explicit import sounds

        return sounds.render(source, target, media, plan)
    if kind == "video":
        from answerable.labels.explicit import videos

        return videos.render(source, target, media, plan)
    from answerable.labels.explicit import texts

    return texts.render(source, target, media, plan)
