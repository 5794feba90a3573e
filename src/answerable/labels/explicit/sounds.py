# SPDX-License-Identifier: Apache-2.0
"""A label that is heard, in sound files (GB 45438-2025 section 5.3): the rhythm, or a phrase, before, after or in a
quiet place in the middle. In WAV and FLAC every sample outside the mark is as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from answerable.errors import Refused, VerificationError
from answerable.labels.explicit import coded_sound, rhythm, speech, wave_file
from answerable.labels.explicit.plan import Plan, Sound, Where

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

WAVES: Final = frozenset({"audio/wav", "audio/x-wav", "audio/vnd.wave"})
CODED: Final = frozenset({"audio/flac", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"})
# A fitting place in the middle is the quietest moment of the middle third.
_THIRD: Final = 3
_LIKENESS: Final = 0.7
# What a coder may add of its own at both ends.
_SLACK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Report:
    """What was written. said: the phrase's languages and pace, or the rhythm; start_s, seconds: of the mark; exact:
    every sample outside it is as it was; coded: by what it was coded again, "" where it was not."""

    said: str
    start_s: float
    seconds: float
    exact: bool
    coded: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Mark:
    samples: NDArray[float32]
    said: str
    rhythm: bool


def render(source: BinaryIO, target: BinaryIO, media: str, plan: Plan) -> Report:
    """`source`, a sound file of type `media`, in `target` (readable too) with the mark of `plan`.

    Raises Refused ``label.explicit`` for what is not written here; VerificationError ``label.explicit`` if what was
    written falls short, ``format.*`` for the file; Unavailable ``label.extra``, ``label.synthesiser``.
    """
    coded_sound.library()
    if media in WAVES:
        return _wave(source, target, plan)
    if media in CODED:
        with coded_sound.foreign(media.partition("/")[2]):
            return _coded(source, target, plan)
    raise Refused("label.explicit", detail=f"no mark is put into {media}")


def _mark(plan: Plan, rate: int) -> _Mark:
    if plan.sound == Sound.RHYTHM:
        return _Mark(rhythm.samples(rate), "rhythm", rhythm=True)
    spoken = speech.say(plan)
    told = ", ".join(f"{language} {pace:.0f} a minute" for language, pace in spoken.pace.items())
    return _Mark(coded_sound.resampled(spoken.samples, spoken.rate, rate), told, rhythm=False)


def _wave(source: BinaryIO, target: BinaryIO, plan: Plan) -> Report:
    shape = wave_file.shape(source)
    mark = _mark(plan, shape.rate)
    first = _first(plan, shape.frames, lambda start, count: wave_file.heard(source, shape, start, count), shape.rate)
    wave_file.insert(source, target, shape, first, wave_file.coded(mark.samples, shape))
    made = wave_file.shape(target)
    count = len(mark.samples)
    if made.frames != shape.frames + count or _outside(source, shape, ()) != _outside(target, made, (first, count)):
        raise VerificationError("label.explicit", detail="samples outside the mark changed")
    _measured(wave_file.heard(target, made, first, count), mark, shape.rate)
    return Report(mark.said, first / shape.rate, count / shape.rate, exact=True)


def _outside(file: BinaryIO, shape: wave_file.Shape, left_out: tuple[int, ...]) -> bytes:
    """A digest of the data without the frames `left_out` (first, count)."""
    first, count = left_out or (shape.frames, 0)
    digest = hashlib.sha256()
    for start, end in ((0, first), (first + count, shape.frames)):
        file.seek(shape.start + start * shape.block)
        left = (end - start) * shape.block
        while left and (piece := file.read(min(left, 1 << 20))):
            digest.update(piece)
            left -= len(piece)
    return digest.digest()


def _coded(source: BinaryIO, target: BinaryIO, plan: Plan) -> Report:
    import numpy as np

    sound = coded_sound.survey(source)
    mark, codec = _mark(plan, sound.rate), coded_sound.CODECS[sound.codec]
    step = max(sound.frames // max(len(sound.loudness), 1), 1)
    first = _first(plan, sound.frames, None, sound.rate)
    if plan.where == Where.MIDDLE and len(sound.loudness) >= _THIRD:
        third = len(sound.loudness) // _THIRD
        first = int(np.argmin(sound.loudness[third : 2 * third + 1]) + third) * step
    coded_sound.insert(source, target, sound, first, mark.samples)
    heard, frames = _again(target, first, len(mark.samples), sound.rate)
    if abs(frames - sound.frames - len(mark.samples)) > _SLACK_S * sound.rate:
        raise VerificationError("label.explicit", detail="it came out longer or shorter than it should")
    if codec.lossless and _exactly(source, 0, 0) != _exactly(target, first, len(mark.samples)):
        raise VerificationError("label.explicit", detail="samples outside the mark changed")
    _measured(heard, mark, sound.rate)
    told = f"{codec.encoder}, {sound.bit_rate} bit/s, {sound.rate} Hz, {sound.channels} channels"
    start_s, seconds = first / sound.rate, len(mark.samples) / sound.rate
    return Report(mark.said, start_s, seconds, exact=codec.lossless, coded="" if codec.lossless else told)


def _first(plan: Plan, frames: int, hear: Callable[[int, int], NDArray[float32]] | None, rate: int) -> int:
    """The frame before which the mark goes; in the middle of a file that can be looked at, a quiet one."""
    import numpy as np

    if plan.where == Where.START:
        return 0
    if plan.where == Where.END:
        return frames
    if hear is None or frames < _THIRD:
        return frames // 2
    # At most ten seconds about the middle are looked at: the file may be long.
    count = min(frames // _THIRD, 10 * rate)
    start, step = (frames - count) // 2, max(rate // 20, 1)
    about = hear(start, count)
    blocks = len(about) // step
    if not blocks:
        return frames // 2
    loud = np.square(about[: blocks * step]).reshape(blocks, step).mean(axis=1)
    return start + int(np.argmin(loud)) * step


def _again(target: BinaryIO, first: int, count: int, rate: int) -> tuple[NDArray[float32], int]:
    """What is heard in `target` where the mark is, with a little before and after it; and how many samples it has."""
    import numpy as np

    slack = round(_SLACK_S * rate)
    low, high = max(first - slack, 0), first + count + slack
    kept, seen = [], 0
    with coded_sound.opened(target) as container:
        for piece in coded_sound.pieces(container, container.streams.audio[0]):
            start, seen = seen, seen + len(piece)
            if seen > low and start < high:
                kept.append(piece[max(low - start, 0) : high - start])
    return np.concatenate([*kept, np.zeros(0, np.float32)]), seen


def _exactly(file: BinaryIO, first: int, count: int) -> bytes:
    """A digest of all samples but `count` from `first` on."""
    digest, seen = hashlib.sha256(), 0
    with coded_sound.opened(file) as container:
        for piece in coded_sound.exact(container, container.streams.audio[0]):
            digest.update(piece[: max(first - seen, 0)].tobytes())
            digest.update(piece[max(first + count - seen, 0) :].tobytes())
            seen += len(piece)
    return digest.digest()


def _measured(heard: NDArray[float32], mark: _Mark, rate: int) -> None:
    """Raises VerificationError ``label.explicit`` unless the mark is there to be heard."""
    if mark.rhythm:
        if rhythm.find(heard, rate) is None:
            raise VerificationError("label.explicit", detail="the rhythm is not found again")
    elif _likeness(heard, mark.samples) < _LIKENESS:
        raise VerificationError("label.explicit", detail="the phrase is not found again")


def _likeness(heard: NDArray[float32], meant: NDArray[float32]) -> float:
    """The highest normalised correlation of `meant` with `heard`, 0 to 1."""
    import numpy as np

    if len(heard) < len(meant):
        heard = np.concatenate([heard, np.zeros(len(meant) - len(heard), np.float32)])
    size = 1 << (len(heard) + len(meant) - 1).bit_length()
    crossed = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(meant, size)), size)
    at = int(np.argmax(np.abs(crossed[: len(heard) - len(meant) + 1])))
    energy = np.linalg.norm(meant) * np.linalg.norm(heard[at : at + len(meant)])
    return float(np.abs(crossed[at]) / energy) if energy else 0.0
