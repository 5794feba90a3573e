# SPDX-License-Identifier: Apache-2.0
"""Small sound files, made by FFmpeg's libraries."""

from __future__ import annotations

from io import BytesIO

ENCODERS = {
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "opus": ("ogg", "libopus"),
    "vorbis": ("ogg", "vorbis"),
}


def sound(
    form: str,
    *,
    channels: int = 1,
    kind: str = "",
    seconds: float = 3,
    rate: int = 16_000,
    quiet: tuple[float, float] = (0, 0),
) -> BytesIO:
    """Two tones and noise; `kind`: FFmpeg's name of the samples; quiet: from when to when (s) there is silence."""
    import av
    import numpy as np

    out = BytesIO()
    container, encoder = ENCODERS[form]
    with av.open(out, "w", format=container) as file:
        file.metadata["title"] = "a title"
        strict = {"strict": "experimental"} if form == "vorbis" else {}
        stream = file.add_stream(encoder, rate=rate, options=strict)
        context = stream.codec_context
        context.layout = "mono" if channels == 1 else "stereo"
        if kind:
            context.format = kind
        context.open()
        time = np.arange(round(seconds * rate)) / rate
        wave = 0.3 * np.sin(2 * np.pi * 300 * time) + 0.1 * np.sin(2 * np.pi * 1_234 * time)
        wave += np.random.default_rng(5).normal(0, 0.02, len(time))
        wave[(time >= quiet[0]) & (time < quiet[1])] = 0
        sides = np.stack([wave, wave[::-1]])[:channels].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sides), "fltp", context.layout.name)
        frame.rate = rate
        mixer = av.AudioResampler(context.format.name, context.layout, rate, context.frame_size or 1_024)
        written = 0
        for each in (*mixer.resample(frame), *mixer.resample(None)):
            each.pts, written = written, written + each.samples
            for packet in stream.encode(each):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return out
