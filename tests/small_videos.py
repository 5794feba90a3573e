# SPDX-License-Identifier: Apache-2.0
"""Small videos, made by FFmpeg's libraries."""

from __future__ import annotations

from io import BytesIO

KINDS = {
    "mp4": ("mp4", "libx264", "aac"),
    "mov": ("mov", "libx264", "pcm_s16le"),
    "mkv": ("matroska", "libx264", "flac"),
    "webm": ("webm", "libvpx-vp9", "libopus"),
    "avi": ("avi", "mjpeg", "pcm_s16le"),
    "hevc": ("mp4", "libx265", "aac"),
    "av1": ("mp4", "libsvtav1", "aac"),
}
OPTIONS = {
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "12"},
}


def video(
    form: str,
    *,
    seconds: float = 2.4,
    rate: int = 10,
    size: tuple[int, int] = (192, 108),
    kind: str = "",
    turned: int = 0,
    sound: bool = True,
) -> BytesIO:
    """A gradient that moves, with a tone beside it. kind: FFmpeg's name of the pixels; turned: degrees."""
    import av
    import numpy as np

    container, encoder, beside = KINDS[form]
    out = BytesIO()
    with av.open(out, "w", format=container) as file:
        file.metadata["title"] = "a title"
        stream = file.add_stream(encoder, rate=rate, options=OPTIONS.get(encoder, {}))
        stream.width, stream.height = size
        stream.pix_fmt = kind or ("yuvj420p" if encoder == "mjpeg" else "yuv420p")
        if turned:
            stream.set_display_rotation(turned)
        tone = file.add_stream(beside, rate=48_000) if sound else None
        if tone is not None:
            tone.codec_context.layout = "mono"
            _tone(file, tone, seconds)
        x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
        for number in range(round(seconds * rate)):
            values = np.stack([(x + 9 * number) % 256, y * 2 % 256, (x + y) % 256], -1).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(values, format="rgb24")
            frame.pts = number
            for packet in stream.encode(frame):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return out


def _tone(file: object, stream: object, seconds: float) -> None:
    import av
    import numpy as np

    context = stream.codec_context  # type: ignore[attr-defined]
    context.open()
    wave = (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * 48_000)) / 48_000)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(wave[None, :], "fltp", "mono")
    frame.rate = 48_000
    mixer = av.AudioResampler(context.format.name, "mono", 48_000, context.frame_size or 1_024)
    written = 0
    for each in (*mixer.resample(frame), *mixer.resample(None)):
        each.pts, written = written, written + each.samples
        for packet in stream.encode(each):  # type: ignore[attr-defined]
            file.mux(packet)  # type: ignore[attr-defined]
    for packet in stream.encode(None):  # type: ignore[attr-defined]
        file.mux(packet)  # type: ignore[attr-defined]
