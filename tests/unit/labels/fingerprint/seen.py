# SPDX-License-Identifier: Apache-2.0
"""Pictures, sounds and films that show enough to be told apart, drawn from a number."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np


def scene(seed: int, height: int = 288, width: int = 384) -> Any:
    """A picture of soft bodies of many sizes, RGB."""
    rng = np.random.default_rng([7, seed])
    y, x = np.ogrid[0:height, 0:width]
    planes = np.full((height, width, 3), rng.random(3) * 120 + 60)
    for _ in range(30):
        centre, size = rng.random(2) * (height, width), height * 0.3 * rng.random() + 8
        colour = rng.random(3) * 230 + 10
        # Outside of it, nothing is left of a body: less than the last bit of a float.
        rows, columns = (slice(max(0, int(at - 2.25 * size)), int(at + 2.25 * size) + 2) for at in centre)
        far = ((y[rows] - centre[0]) ** 2 + (x[:, columns] - centre[1]) ** 2) / size**2
        body = np.exp(-(far * far * far))[:, :, None]
        planes[rows, columns] = planes[rows, columns] * (1 - body) + body * colour
    return np.clip(planes + rng.standard_normal((height, width, 1)) * 4, 0, 255).astype(np.uint8)


def tune(seed: int, seconds: float = 5.0, rate: int = 22_050) -> bytes:
    """A WAV file of 16 bits: notes of a plucked string."""
    rng = np.random.default_rng([8, seed])
    count = int(seconds * rate)
    sound, note = np.zeros(count), np.arange(rate // 2) / rate
    for _ in range(18):
        start, pitch = rng.integers(0, count - len(note)), 220 * 2 ** (rng.integers(0, 36) / 12)
        for overtone in range(1, 6):
            sound[start : start + len(note)] += (
                np.exp(-note * 6) * np.sin(2 * np.pi * pitch * overtone * note) / overtone
            )
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, count, "NONE", ""))
        file.writeframes((sound / np.abs(sound).max() * 28_000).astype("<i2").tobytes())
    return out.getvalue()


def film(seed: int, form: str, codec: str, frames: int = 24) -> bytes:
    """A video in which a scene moves sideways."""
    import av

    wide, out = scene(seed, 144, 320), io.BytesIO()
    with av.open(out, "w", format=form) as made:
        stream = made.add_stream(codec, rate=12, width=192, height=144, pix_fmt="yuv420p")
        stream.bit_rate = 800_000
        for number in range(frames):
            shown = np.ascontiguousarray(wide[:, number * 5 : number * 5 + 192])
            made.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        made.mux(stream.encode(None))
    return out.getvalue()
