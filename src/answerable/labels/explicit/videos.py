# SPDX-License-Identifier: Apache-2.0
"""Words on the opening of a video (GB 45438-2025 section 5.4): MP4, MOV, AVI, Matroska and WebM.

The pictures are coded again by the codec that they had, frame by frame with their times, so that memory stays bounded;
sound, subtitles and whatever else runs beside them are copied as they are. On what was written the words are measured
again in the frames, and frames, times and sound are compared.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.errors import Refused, VerificationError
from answerable.labels.explicit import coded_sound, priority
from answerable.labels.explicit.frames import Canvas, canvas
from answerable.labels.explicit.patch import Box, contrast, glyph_height, likeness
from answerable.labels.explicit.plan import CONTRAST, LIKENESS, SECONDS, Plan

if TYPE_CHECKING:
    from fractions import Fraction

CONTAINERS: Final = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/avi": "avi",
    "video/x-msvideo": "avi",
    "video/vnd.avi": "avi",
    "video/x-matroska": "matroska",
    "video/matroska": "matroska",
    "video/webm": "webm",
}
# FFmpeg's decoder, the encoder of the same codec, and how well it is to code: next to no visible loss.
ENCODERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "h264": ("libx264", {"crf": "17", "preset": "fast"}),
    "hevc": ("libx265", {"crf": "19", "preset": "fast", "x265-params": "log-level=none"}),
    "vp8": ("libvpx", {"crf": "6", "b": "8M", "deadline": "good", "cpu-used": "4"}),
    "vp9": ("libvpx-vp9", {"crf": "20", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1"}),
    "av1": ("libsvtav1", {"crf": "24", "preset": "8"}),
    "libdav1d": ("libsvtav1", {"crf": "24", "preset": "8"}),
    "mpeg4": ("mpeg4", {"qmin": "2", "qmax": "3", "b": "40M"}),
    "mpeg2video": ("mpeg2video", {"qmin": "2", "qmax": "3", "b": "40M", "maxrate": "80M", "bufsize": "20M"}),
    "mjpeg": ("mjpeg", {"qmin": "2", "qmax": "2"}),
    "ffv1": ("ffv1", {}),
}
_NOT_TAGS: Final = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
MAX_STREAMS: Final = 32
MAX_SIDE: Final = 16_384


@dataclass(frozen=True, slots=True)
class Report:
    """What was written. words: as drawn; box: where, as viewers see it; glyph_px, least_px: found again, and asked for;
    shown_s: how long the words stand; whole: the video is shorter than two seconds and they stand all the time; frames;
    coded: by what the pictures were coded again."""

    words: str
    box: Box
    glyph_px: int
    least_px: int
    shown_s: float
    whole: bool
    frames: int
    coded: str


@dataclass(frozen=True, slots=True)
class _Written:
    canvas: Canvas
    frames: int
    last_s: float
    beside: bytes
    coded: str


def render(source: BinaryIO, target: BinaryIO, media: str, plan: Plan) -> Report:
    """`source`, a video of type `media`, in `target` (readable too) with the words of `plan` on its opening.

    Raises Refused ``label.explicit`` for a codec or a stream that is not written here, or a picture that is too small;
    VerificationError ``label.explicit`` if what was written falls short, ``format.*`` for the file; Unavailable
    ``label.extra``.
    """
    if media not in CONTAINERS:
        raise Refused("label.explicit", detail=f"words are not drawn on {media}")
    coded_sound.library()
    with coded_sound.foreign(media.partition("/")[2]):
        written = _write(source, target, CONTAINERS[media], plan)
        return _checked(target, plan, written)


def _write(source: BinaryIO, target: BinaryIO, container: str, plan: Plan) -> _Written:
    av = coded_sound.library()
    options = {"movflags": "use_metadata_tags"} if container in ("mp4", "mov") else {}
    with coded_sound.opened(source) as file:
        first = next(file.decode(_pictures(file)), None)
        drawn = None if first is None else canvas(first, plan)
    if drawn is None:
        raise VerificationError("format.malformed", format="video", detail="there is no picture in it")
    target.seek(0)
    with coded_sound.opened(source) as file:
        stream = _pictures(file)
        with av.open(target, mode="w", format=container, options=options) as out:
            out.metadata.update({name: value for name, value in file.metadata.items() if name not in _NOT_TAGS})
            with priority.kept():
                return _recode(file, stream, out, plan, drawn)


def _pictures(file: Any) -> Any:
    moving = [each for each in file.streams.video if not each.disposition & each.disposition.attached_pic]
    if len(moving) != 1 or len(file.streams) > MAX_STREAMS:
        raise Refused("label.explicit", detail="a file with no moving pictures, several, or too many streams")
    stream = moving[0]
    if stream.codec_context is None:
        raise Refused("label.explicit", detail="pictures coded in a way that is not known here")
    if stream.codec_context.name not in ENCODERS:
        raise Refused("label.explicit", detail=f"pictures coded as {stream.codec_context.name} are not written here")
    if max(stream.codec_context.width, stream.codec_context.height) > MAX_SIDE:
        raise VerificationError("format.oversized", format="video", detail=f"pictures wider than {MAX_SIDE} pixels")
    return stream


def _recode(file: Any, stream: Any, out: Any, plan: Plan, drawn: Canvas) -> _Written:
    made, kept, coded = _streams(file, stream, out)
    if drawn.turn:
        made.set_display_rotation(drawn.turn)
    digest = hashlib.sha256()
    count, first, last = 0, 0.0, 0.0
    for packet in file.demux():
        if packet.stream is not stream and packet.stream.index in kept:
            if packet.size:
                digest.update(bytes(packet))
                packet.stream = kept[packet.stream.index]
                out.mux(packet)
            continue
        if packet.stream is not stream:
            continue
        for frame in packet.decode():
            if frame.pts is None:
                raise VerificationError("format.malformed", format="video", detail="a frame without a time")
            at = float(frame.pts * frame.time_base)
            first = first if count else at
            if not drawn.fits(frame):
                raise Refused("label.explicit", detail="its pictures change their size or kind")
            if at - first < plan.seconds:
                drawn.paint(frame)
            frame.pict_type = 0
            count, last = count + 1, at - first
            for each in made.encode(frame):
                out.mux(each)
    for each in made.encode(None):
        out.mux(each)
    return _Written(drawn, count, last, digest.digest(), coded)


def _streams(file: Any, stream: Any, out: Any) -> tuple[Any, dict[int, Any], str]:
    """The new stream of pictures, the others as they are by their number, and how the first is coded."""
    encoder, options = ENCODERS[stream.codec_context.name]
    # The encoder of AV1 speaks on standard error unless it is told not to.
    os.environ.setdefault("SVT_LOG", "-1")
    context = stream.codec_context
    made = out.add_stream(encoder, rate=stream.average_rate or 25, options=options)
    new = made.codec_context
    new.width, new.height, new.pix_fmt = context.width, context.height, context.pix_fmt
    made.time_base = new.time_base = _clock(stream)
    for name in ("color_range", "colorspace", "color_primaries", "color_trc", "sample_aspect_ratio"):
        if (value := getattr(context, name)) is not None:
            setattr(new, name, value)
    with priority.kept():
        new.open()
    made.metadata.update({name: value for name, value in stream.metadata.items() if name not in _NOT_TAGS})
    kept = {}
    for each in file.streams:
        if each is not stream:
            try:
                copied = out.add_stream_from_template(each)
            except (ValueError, TypeError, AttributeError, NotImplementedError):
                raise Refused("label.explicit", detail=f"a stream of {each.type} cannot be copied") from None
            copied.metadata.update(each.metadata)
            kept[each.index] = copied
    return made, kept, f"{encoder} {' '.join(f'{name}={value}' for name, value in sorted(options.items()))}".strip()


def _clock(stream: Any) -> Fraction:
    """The time base: an encoder of MPEG-4 counts no finer than 1/65535."""
    base: Fraction = stream.time_base
    if stream.codec_context.name in ("mpeg4", "mpeg2video") and stream.average_rate:
        rate: Fraction = stream.average_rate
        return 1 / rate
    return base


def _checked(target: BinaryIO, plan: Plan, written: _Written) -> Report:
    """What was written, read anew."""
    digest, count = hashlib.sha256(), 0
    shown, glyph, open_ = 0.0, 0, True
    first = last = 0.0
    with coded_sound.opened(target) as file:
        stream = _pictures(file)
        for packet in file.demux():
            if packet.stream is not stream:
                if packet.size:
                    digest.update(bytes(packet))
                continue
            for frame in packet.decode():
                at = float(frame.pts * frame.time_base)
                first = at if count == 0 else first
                if open_:
                    words = written.canvas.words(frame)
                    height = glyph_height(words)
                    stands = height >= written.canvas.least and contrast(words) >= CONTRAST
                    open_ = stands and likeness(words, written.canvas.patch.words) >= LIKENESS
                    glyph = height if count == 0 else min(glyph, height) if open_ else glyph
                    shown = at - first
                count, last = count + 1, at - first
        step = last / (count - 1) if count > 1 else float(1 / (stream.average_rate or 25))
    whole = open_
    shown = last + step if whole else shown
    if count != written.frames or abs(last - written.last_s) > max(step / 2, 0.002):
        raise VerificationError("label.explicit", detail=f"{count} frames came out where {written.frames} went in")
    if digest.digest() != written.beside:
        raise VerificationError("label.explicit", detail="what runs beside the pictures changed")
    if glyph < written.canvas.least:
        raise VerificationError("label.explicit", detail=f"a glyph is {glyph} pixels high")
    if shown < SECONDS - 0.001 and not whole:
        raise VerificationError("label.explicit", detail=f"the words stand for {shown:.2f} seconds")
    short = whole and shown < SECONDS
    return Report(plan.text, written.canvas.patch.box, glyph, written.canvas.least, shown, short, count, written.coded)
