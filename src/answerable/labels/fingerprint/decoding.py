# SPDX-License-Identifier: Apache-2.0
"""Sound and pictures out of files, by PyAV, a bounded piece of them."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.errors import AnswerableError, Unavailable, VerificationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_FRAME_PIXELS: Final = 50_000_000


@contextmanager
def container(source: BinaryIO) -> Iterator[Any]:
    """An open PyAV container. Raises VerificationError ``format.malformed`` for what its libraries cannot read,
    Unavailable ``label.extra``."""
    try:
        import av
    except ImportError:
        raise Unavailable("label.extra", extra="video") from None
    source.seek(0)
    try:
        # A file of a raw descriptor would be closed with the container.
        with av.open(_Kept(source), mode="r") as opened:
            yield opened
    except AnswerableError:
        raise
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise VerificationError(
            "format.malformed", format="media", detail=f"it cannot be decoded ({type(error).__name__})"
        ) from None


class _Kept(io.RawIOBase):
    """The source, which stays open."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        return self._source.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def sound(source: BinaryIO, rate: int, most_s: float) -> NDArray[Any]:
    """The first `most_s` seconds in one channel at `rate`, from -1 to 1; nothing where there is no sound."""
    import numpy as np

    pieces: list[NDArray[Any]] = []
    left = int(rate * most_s)
    with container(source) as opened:
        if not opened.streams.audio:
            return np.zeros(0, np.float32)
        from av.audio.resampler import AudioResampler

        made = AudioResampler(format="flt", layout="mono", rate=rate)
        for frame in opened.decode(opened.streams.audio[0]):
            frame.pts = None
            for piece in made.resample(frame):
                samples = piece.to_ndarray().reshape(-1)
                pieces.append(samples[:left])
                left -= len(pieces[-1])
            if left <= 0:
                break
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def frames(source: BinaryIO, side: int, *, every_s: float, most_s: float) -> list[NDArray[Any]]:
    """Greys, `side` x `side`, of the frames at each multiple of `every_s` within the first `most_s` seconds."""
    found: list[NDArray[Any]] = []
    with container(source) as opened:
        if not opened.streams.video:
            return []
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        begin: float | None = None
        for frame in opened.decode(stream):
            if frame.width * frame.height > MAX_FRAME_PIXELS:
                raise VerificationError(
                    "format.oversized", format="media", detail=f"a frame of more than {MAX_FRAME_PIXELS} pixels"
                )
            at = frame.time if frame.time is not None else 0.0
            begin = at if begin is None else begin
            if at - begin >= most_s:
                break
            if at - begin >= len(found) * every_s - 1e-3:
                found.append(frame.reformat(width=side, height=side, format="gray", interpolation="AREA").to_ndarray())
    return found


def picture(source: BinaryIO) -> Any:
    """The first picture of a file, as a PIL image. Raises VerificationError ``format.malformed|oversized``, Unavailable
    ``label.extra``."""
    try:
        from PIL import Image
    except ImportError:
        raise Unavailable("label.extra", extra="image") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source.seek(0)
            image = Image.open(source)
            if image.width * image.height > MAX_FRAME_PIXELS:
                detail = f"a picture of more than {MAX_FRAME_PIXELS} pixels"
                raise VerificationError("format.oversized", format="picture", detail=detail)
            image.load()
            return image
    except AnswerableError:
        raise
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise VerificationError(
            "format.malformed", format="picture", detail=f"its pixels cannot be read ({type(error).__name__})"
        ) from None


def played_ms(source: BinaryIO) -> int:
    """How long its sound, or else its picture, plays, in milliseconds, rounded up: by its samples where the file does
    not say. Raises as `container`."""
    with container(source) as opened:
        if opened.duration:
            return -(-int(opened.duration) // 1_000)  # in millionths of a second
        if not opened.streams.audio:
            return 0
        seconds = float(sum(frame.samples / frame.sample_rate for frame in opened.decode(opened.streams.audio[0])))
    return math.ceil(seconds * 1_000)


def packets(source: BinaryIO) -> Iterator[tuple[int, str, bytes]]:
    """(stream, its codec, bytes) of each coded piece of picture and sound, as they stand in the file. Raises as
    `container`."""
    with container(source) as opened:
        for packet in opened.demux([*opened.streams.video, *opened.streams.audio]):
            if packet.size:
                yield packet.stream_index, packet.stream.codec_context.name, bytes(packet)


def samples(source: BinaryIO) -> Iterator[tuple[int, int, NDArray[Any]]]:
    """(samples a second, channels, samples in the order of their time) of the first sound, whole numbers as 32 bits
    with the highest first, so that the same sound is the same in every lossless format. Raises as `container`."""
    import numpy as np

    with container(source) as opened:
        if not opened.streams.audio:
            return
        for frame in opened.decode(opened.streams.audio[0]):
            found = frame.to_ndarray()
            if not frame.format.is_planar:
                found = found.reshape(-1, len(frame.layout.channels)).T
            if found.dtype == np.uint8:
                found = (found.astype(np.int32) - 128) << 24
            elif found.dtype == np.int16:
                found = found.astype(np.int32) << 16
            yield frame.sample_rate, len(found), found.T
