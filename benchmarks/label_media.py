# SPDX-License-Identifier: Apache-2.0
"""What is labelled beside pictures, and what becomes of it: sounds, videos and documents. Made here: notes, speech
where espeak-ng is installed, moving test pictures, pages of text. Changed by ffmpeg, python-docx and qpdf, none of
which is ours.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

RATE: Final = 32_000
SPEECH: Final = (
    "The ferry leaves at six in the morning and comes back after dark, whatever the weather is like.",
    "Nobody had opened the window for years, and the paint had closed over the catch like skin.",
    "Turn left behind the mill, follow the river as far as the second bridge, and ask for the old school.",
    "Wages rose faster than prices in the last quarter, for the first time since the port was closed.",
)
SCENES: Final = (
    "testsrc2=size=480x270:rate=25:duration=4",
    "mandelbrot=size=480x270:rate=25:end_scale=0.02",
    "life=size=480x270:rate=25:mold=10:ratio=0.3:seed=7",
    "cellauto=size=480x270:rate=25:rule=110:seed=7",
    "gradients=size=480x270:rate=25:seed=7:speed=0.02",
)


def ffmpeg(file: bytes, kind: str, *options: str) -> bytes:
    """A file through ffmpeg, into one whose name ends with `kind`."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in"), Path(folder, f"out.{kind}")
        source.write_bytes(file)
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(target)]
        subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)
        return target.read_bytes()


def through(kind: str, *options: str) -> Callable[[bytes], bytes]:
    return lambda file: ffmpeg(file, kind, *options)


def sounds(_folders: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    """WAV of some ten seconds: notes that follow each other, and speech."""
    import numpy as np

    for number in range(6):
        rng = np.random.default_rng(number)
        time = np.arange(RATE // 2) / RATE
        parts = []
        for _ in range(20):
            notes = 220.0 * 2 ** (rng.integers(0, 25, 3) / 12)
            chord = sum(np.sin(2 * np.pi * note * time * k) / k for note in notes for k in (1, 2, 3))
            parts.append(chord * np.exp(-3 * time))
        yield f"notes {number}", _wav(np.concatenate(parts), RATE)
    if shutil.which("espeak-ng"):
        for number, text in enumerate(SPEECH):
            command = ["espeak-ng", "--stdout", "-s", "140", f"{text} {text}"]
            said = subprocess.run(command, check=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
            yield f"speech {number}", ffmpeg(said.stdout, "wav", "-ar", str(RATE), "-bitexact")


def _wav(samples: object, rate: int) -> bytes:
    import numpy as np

    values = np.asarray(samples)
    values = values / np.max(np.abs(values)) * 0.6
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((values * 32767).astype("<i2").tobytes())
    return made.getvalue()


def videos(_folders: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    """MP4 of four seconds with a tone, as a camera's program would write it."""
    for scene in SCENES:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "out.mp4")
            command = [
                "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", scene, "-f", "lavfi", "-i", "sine=frequency=330",
                "-t", "4", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-crf", "20", "-c:a", "aac", str(target),
            ]  # fmt: skip
            subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)
            yield scene.partition("=")[0], target.read_bytes()


def documents(_folders: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    """DOCX and PDF of a page or two."""
    import docx
    from PIL import Image, ImageDraw

    for number, text in enumerate(SPEECH):
        document = docx.Document()
        document.add_heading(f"Report {number}", 1)
        for _ in range(12):
            document.add_paragraph(f"{text} {text}")
        made = io.BytesIO()
        document.save(made)
        yield f"report {number}.docx", made.getvalue()
        page = Image.new("RGB", (595, 842), "white")
        ImageDraw.Draw(page).multiline_text((60, 90), "\n".join([text] * 20), fill="black")
        made = io.BytesIO()
        page.save(made, "PDF", save_all=True, append_images=[page])
        yield f"report {number}.pdf", made.getvalue()


def saved_again(file: bytes) -> bytes:
    """By another program: its parts and metadata as that one writes them."""
    if file.startswith(b"%PDF"):
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in.pdf"), Path(folder, "out.pdf")
            source.write_bytes(file)
            command = ["qpdf", "--object-streams=generate", str(source), str(target)]
            subprocess.run(command, check=False, timeout=60, capture_output=True)  # 3: with warnings
            return target.read_bytes()
    import docx

    document = docx.Document(io.BytesIO(file))
    document.add_paragraph("A line more.")
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def words_alone(file: bytes) -> bytes:
    """The text that somebody copied out of it, as a text file."""
    if file.startswith(b"%PDF"):
        command = ["pdftotext", "-", "-"]
        return subprocess.run(command, input=file, check=True, capture_output=True, timeout=60).stdout
    import docx

    document = docx.Document(io.BytesIO(file))
    headers = [paragraph.text for section in document.sections for paragraph in section.header.paragraphs]
    return "\n".join([*headers, *(paragraph.text for paragraph in document.paragraphs)]).encode()
