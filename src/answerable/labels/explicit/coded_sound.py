# SPDX-License-Identifier: Apache-2.0
"""Sound that is coded: FLAC, MP3, M4A, Ogg Opus and Ogg Vorbis, decoded and coded again with a mark in it. Frame by
frame; nothing is held whole. FLAC gives back every sample; the others lose a little once more, and say with what they
were coded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError

if TYPE_CHECKING:
    from numpy import float32, int32
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Codec:
    """How a format is written: FFmpeg's names of the container and the encoder; options of both."""

    container: str
    encoder: str
    lossless: bool = False
    codec_options: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()


CODECS: Final = {
    "flac": Codec("flac", "flac", lossless=True),
    "mp3": Codec("mp3", "libmp3lame", options=(("id3v2_version", "3"), ("write_id3v1", "0"))),
    "mp3float": Codec("mp3", "libmp3lame", options=(("id3v2_version", "3"),)),
    "aac": Codec("mp4", "aac", options=(("brand", "M4A "), ("movflags", "use_metadata_tags"))),
    "opus": Codec("ogg", "libopus"),
    "vorbis": Codec("ogg", "vorbis", codec_options=(("strict", "experimental"),)),
}
# What the library raises for files that are not what they say, beside its own errors.
_STRANGE: Final = (
    ValueError, OSError, IndexError, TypeError, OverflowError, RuntimeError, AttributeError, KeyError, EOFError,
    ZeroDivisionError,
)  # fmt: skip
MAX_BLOCKS: Final = 24 * 3600 * 20  # of a twentieth of a second: a day
_BLOCK_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Sound:
    """What a file holds. codec: FFmpeg's name; bit_rate: a second, 0 unknown; frames: samples a channel; loudness: of
    each twentieth of a second."""

    codec: str
    rate: int
    channels: int
    bit_rate: int
    frames: int
    loudness: NDArray[float32]


def library() -> Any:
    """Raises Unavailable ``label.extra``."""
    try:
        import av

        import_module("numpy")
    except ImportError:
        raise Unavailable("label.extra", extra="video") from None
    return av


@contextlib.contextmanager
def foreign(format_: str) -> Iterator[None]:
    """What the library raises for foreign bytes, as one refusal."""
    av = library()
    try:
        yield
    except AnswerableError:
        raise
    except (av.FFmpegError, *_STRANGE) as error:
        detail = f"it cannot be read or written again ({type(error).__name__})"
        raise VerificationError("format.malformed", format=format_, detail=detail) from None


def opened(source: BinaryIO) -> Any:
    """The file as an input of the library, which is not told its name and follows no reference out of it."""
    source.seek(0)
    return library().open(source, mode="r", options={"protocol_whitelist": "pipe"}, metadata_errors="replace")


def survey(source: BinaryIO) -> Sound:
    """Decodes the whole once. Raises VerificationError ``format.*``, Refused ``label.explicit`` for another codec."""
    import numpy as np

    with opened(source) as container:
        if not container.streams.audio:
            raise VerificationError("format.malformed", format="audio", detail="there is no sound in it")
        stream = container.streams.audio[0]
        name, rate, channels = stream.codec_context.name, stream.rate, stream.codec_context.channels
        if name not in CODECS:
            raise Refused("label.explicit", detail=f"sound coded as {name} is not written here")
        bits, frames = stream.bit_rate or container.bit_rate or 0, 0
        step, kept, loudness = max(round(_BLOCK_S * rate), 1), np.zeros(0, np.float32), []
        for piece in pieces(container, stream):
            frames += len(piece)
            kept = np.concatenate([kept, piece])
            whole = len(kept) // step * step
            loudness.append(np.sqrt(np.square(kept[:whole]).reshape(-1, step).mean(axis=1)))
            kept = kept[whole:]
            if len(loudness) > MAX_BLOCKS:
                raise VerificationError("format.oversized", format=name, detail="more than a day of sound")
        return Sound(name, rate, channels, bits, frames, np.concatenate([*loudness, np.zeros(0, np.float32)]))


def pieces(container: Any, stream: Any) -> Iterator[NDArray[float32]]:
    """The sound, mixed to one channel, -1 to 1."""
    av = library()
    mixer = av.AudioResampler(format="fltp", layout=stream.codec_context.layout, rate=stream.rate)
    for frame in container.decode(stream):
        for each in mixer.resample(frame):
            yield each.to_ndarray().mean(axis=0)


def exact(container: Any, stream: Any) -> Iterator[NDArray[int32]]:
    """The sound as it is, one row a sample."""
    mixer = library().AudioResampler(format="s32p", layout=stream.codec_context.layout, rate=stream.rate)
    for frame in container.decode(stream):
        for each in mixer.resample(frame):
            yield each.to_ndarray().T


def resampled(samples: NDArray[float32], rate: int, wanted: int) -> NDArray[float32]:
    """One channel at another rate."""
    import numpy as np

    if rate == wanted:
        return samples
    av = library()
    frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
    frame.rate = rate
    mixer = av.AudioResampler(format="fltp", layout="mono", rate=wanted)
    made = [each.to_ndarray()[0] for each in (*mixer.resample(frame), *mixer.resample(None))]
    return np.concatenate(made).astype(np.float32)


def insert(source: BinaryIO, target: BinaryIO, sound: Sound, first: int, mark: NDArray[float32]) -> None:
    """`source` coded again in `target`, with `mark` (one channel) before sample `first`."""
    av, codec = library(), CODECS[sound.codec]
    target.seek(0)
    with opened(source) as container:
        # FFmpeg writes either keys of any name or a cover into an M4A.
        options = dict(codec.options)
        if container.streams.video:
            options.pop("movflags", None)
        with av.open(target, mode="w", format=codec.container, options=options) as out:
            _recode(container, out, sound, first, mark)


def _recode(container: Any, out: Any, sound: Sound, first: int, mark: NDArray[float32]) -> None:
    av, codec = library(), CODECS[sound.codec]
    stream = container.streams.audio[0]
    out.metadata.update(container.metadata)
    made = out.add_stream(codec.encoder, rate=sound.rate, options=dict(codec.codec_options))
    made.metadata.update(stream.metadata)
    context = made.codec_context
    context.layout = stream.codec_context.layout
    wanted = stream.codec_context.format.name if codec.lossless else context.format.name
    context.format = wanted
    if sound.bit_rate and not codec.lossless:
        context.bit_rate = sound.bit_rate
    if sound.codec == "vorbis" and sound.channels != 2:
        raise Refused("label.explicit", detail="Ogg Vorbis is written with two channels alone")
    context.open()
    covers = _covers(container, out)
    mixer = av.AudioResampler(
        format=context.format.name, layout=context.layout, rate=sound.rate, frame_size=context.frame_size or None
    )
    for packet in covers:
        out.mux(packet)
    written = 0
    for frame in _with_mark(container, stream, first, mark):
        for each in mixer.resample(frame):
            written = _encode(out, made, each, written)
    for each in mixer.resample(None):
        written = _encode(out, made, each, written)
    for packet in made.encode(None):
        out.mux(packet)


def _covers(container: Any, out: Any) -> list[Any]:
    """Pictures that belong to the sound, as they are. Raises Refused ``label.explicit`` for a film's."""
    packets = []
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            raise Refused("label.explicit", detail="a sound file with moving pictures")
        kept = out.add_stream_from_template(stream)
        kept.disposition = stream.disposition
        kept.metadata.update(stream.metadata)
        for packet in container.demux(stream):
            if packet.size:
                packet.stream = kept
                packets.append(packet)
                break
    container.seek(0)
    return packets


def _encode(out: Any, stream: Any, frame: Any, written: int) -> int:
    frame.pts = written
    for packet in stream.encode(frame):
        out.mux(packet)
    return written + int(frame.samples)


def _with_mark(container: Any, stream: Any, first: int, mark: NDArray[float32]) -> Iterator[Any]:
    """The frames of the file, cut at sample `first`, and there those of the mark."""
    seen, done = 0, False
    for frame in container.decode(stream):
        frame.pts = None
        count = int(frame.samples)
        if not done and first < seen + count:
            cut = first - seen
            values = frame.to_ndarray()
            packed = 1 if frame.format.is_planar else len(frame.layout.channels)
            if cut:
                yield _like(frame, values[:, : cut * packed])
            yield _mark_frame(frame, mark)
            yield _like(frame, values[:, cut * packed :])
            done = True
        else:
            yield frame
        seen += count
        last = frame
    if seen == 0:
        raise VerificationError("format.malformed", format="audio", detail="there is no sound in it")
    if not done:
        yield _mark_frame(last, mark)


def _like(frame: Any, values: Any) -> Any:
    import numpy as np

    made = library().AudioFrame.from_ndarray(
        np.ascontiguousarray(values), format=frame.format.name, layout=frame.layout.name
    )
    made.rate = frame.rate
    return made


def _mark_frame(frame: Any, mark: NDArray[float32]) -> Any:
    """The mark on every channel, as `frame` holds its samples."""
    import numpy as np

    channels, name = len(frame.layout.channels), frame.format.name
    kind = name.rstrip("p")
    values: Any = np.repeat(mark[None, :], channels, axis=0)
    if kind == "s16":
        values = np.round(values * 32_767).astype(np.int16)
    elif kind == "s32":
        # 24 bits stand in the upper three bytes: the lowest stays zero, as FLAC asks.
        values = (np.round(values.astype(np.float64) * (2**23 - 1)).astype(np.int32)) << 8
    elif kind == "u8":
        values = (np.round(values * 127) + 128).astype(np.uint8)
    elif kind == "dbl":
        values = values.astype(np.float64)
    if not frame.format.is_planar:
        values = values.T.reshape(1, -1)
    return _like(frame, values)
