# SPDX-License-Identifier: Apache-2.0
"""What happens to a file after it was labelled, a medium at a time: every transform takes a file and gives one.

What is not about compression is saved as JPEG of quality 95 again, so that the transform alone is measured.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, Final

from benchmarks.label_media import documents, saved_again, sounds, through, videos, words_alone
from benchmarks.pictures import photographs

PIXELS: Final = 1_000_000
QUALITY: Final = 95
Change = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Transform:
    """name: its row; change: a file -> the file afterwards; bar: the share that is asked, 0 where none is; most: how
    many items are enough, 0 for all of them."""

    name: str
    change: Callable[[bytes], bytes]
    bar: float = 0.0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Medium:
    """items: (name, file) of what is labelled; transforms: what is done to it; quality: decibels of a labelled
    file over the original, None where that has no meaning."""

    items: Callable[[tuple[Path, ...]], Iterator[tuple[str, bytes]]]
    transforms: tuple[Transform, ...]
    quality: Callable[[bytes, bytes], float] | None = None


def opened(file: bytes) -> Any:
    """The picture in a file, RGB."""
    from PIL import Image

    return Image.open(io.BytesIO(file)).convert("RGB")


def saved(image: Any, form: str = "JPEG", quality: int = QUALITY) -> bytes:
    """A picture as a file of a format."""
    target = io.BytesIO()
    image.save(target, form, quality=quality)
    return target.getvalue()


def resized(image: Any, across: float, down: float | None = None) -> Any:
    """A picture at a share of its width and height."""
    from PIL import Image

    size = (max(1, round(image.width * across)), max(1, round(image.height * (down or across))))
    return image.resize(size, Image.Resampling.LANCZOS)


def cut(image: Any, area: float) -> Any:
    """A piece of a picture of this share of its area, in its proportions, off the middle."""
    width, height = round(image.width * sqrt(area)), round(image.height * sqrt(area))
    left, top = round((image.width - width) * 0.37), round((image.height - height) * 0.61)
    return image.crop((left, top, left + width, top + height))


def pictures(folders: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    """Every photograph, no larger than a megapixel, as JPEG of quality 95."""
    for name, image in photographs(*folders):
        share = sqrt(PIXELS / (image.width * image.height))
        yield name, saved(resized(image, share) if share < 1 else image)


def _image(
    name: str, change: Change, *, form: str = "JPEG", quality: int = QUALITY, bar: float = 0.0, most: int = 0
) -> Transform:
    return Transform(name, lambda file: saved(change(opened(file)), form, quality), bar, most)


def _screenshot(image: Any) -> Any:
    """Shown smaller in a window, and caught with what is around it."""
    from PIL import Image

    shown = resized(image, 0.8)
    screen = Image.new("RGB", (shown.width + 160, shown.height + 120), (238, 238, 242))
    screen.paste(shown, (57, 83))
    return screen


def _light(image: Any) -> Any:
    return image.point(lambda value: min(255, round((value - 128) * 1.25 + 140)))


def _noise(image: Any) -> Any:
    import numpy as np
    from PIL import Image

    pixels = np.asarray(image).astype(np.float32)
    pixels += np.random.default_rng(1).normal(0, 8, pixels.shape)
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def _blurred(radius: float) -> Change:
    from PIL import ImageFilter

    return lambda image: image.filter(ImageFilter.GaussianBlur(radius))


def _turned(degrees: float) -> Change:
    from PIL import Image

    def change(image: Any) -> Any:
        return cut(image.rotate(degrees, Image.Resampling.BICUBIC), 0.7)

    return change


def _mirrored(image: Any) -> Any:
    from PIL import Image

    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _quarter_turn(image: Any) -> Any:
    from PIL import Image

    return image.transpose(Image.Transpose.ROTATE_90)


def _decibels(before: bytes, after: bytes) -> float:
    import numpy as np

    from answerable.labels.watermark import psnr

    return psnr(np.asarray(opened(before)), np.asarray(opened(after)))


def _same(image: Any) -> Any:
    return image


IMAGES: Final = (
    Transform("copied byte for byte", lambda file: file),
    _image("saved again, JPEG q95", _same),
    _image("JPEG q70", _same, quality=70),
    _image("JPEG q50", _same, quality=50, bar=0.95),
    _image("JPEG q30", _same, quality=30),
    _image("WebP q60", _same, form="WEBP", quality=60),
    _image("half size", lambda image: resized(image, 0.5), bar=0.95),
    _image("half size, q75", lambda image: resized(image, 0.5), quality=75, bar=0.95),
    _image("a third of the size, q75", lambda image: resized(image, 1 / 3), quality=75),
    _image("1.5 times the size, q75", lambda image: resized(image, 1.5), quality=75),
    _image("crop of half the area", lambda image: cut(image, 0.5), bar=0.95),
    _image("crop of half of each side", lambda image: cut(image, 0.25), bar=0.95),
    _image("crop of half the area, 0.7 of the size, q70", lambda i: resized(cut(i, 0.5), 0.7), quality=70, bar=0.8),
    _image("crop of half of each side, 0.7, q70", lambda i: resized(cut(i, 0.25), 0.7), quality=70, bar=0.8),
    _image("crop of half of each side, half size, q70", lambda i: resized(cut(i, 0.25), 0.5), quality=70),
    _image("screenshot (0.8 of the size, framed), q80", _screenshot, quality=80),
    _image("lighter, more contrast", _light),
    _image("black and white", lambda image: image.convert("L").convert("RGB")),
    _image("noise of 8 grey levels", _noise),
    _image("blur, radius 1", _blurred(1)),
    _image("blur, radius 3", _blurred(3)),
    _image("mirrored", _mirrored),
    _image("a quarter turn", _quarter_turn),
    _image("turned by 2 degrees, cropped", _turned(2)),
    # Nothing is looked for there: a search in vain takes longest.
    _image("turned by 10 degrees, cropped", _turned(10), most=20),
    _image("stretched by a tenth in width", lambda image: resized(image, 1.1, 1.0), most=20),
)

SOUNDS: Final = (
    Transform("copied byte for byte", lambda file: file),
    Transform("MP3, 128 kbit/s", through("mp3", "-b:a", "128k")),
    Transform("MP3, 64 kbit/s", through("mp3", "-b:a", "64k")),
    Transform("AAC, 96 kbit/s", through("m4a", "-b:a", "96k")),
    Transform("Opus, 48 kbit/s", through("opus", "-b:a", "48k")),
    Transform("16 kHz", through("wav", "-ar", "16000")),
    Transform("half as loud", through("wav", "-af", "volume=0.5")),
    Transform("noise at -40 dB", through("wav", "-af", "aeval=val(0)+0.01*(random(0)*2-1):c=same")),
    Transform("the first two seconds cut off", through("wav", "-ss", "2")),
    Transform("a tenth faster", through("wav", "-af", "atempo=1.1")),
)

VIDEOS: Final = (
    Transform("copied byte for byte", lambda file: file),
    Transform("another container (MKV), streams as they are", through("mkv", "-c", "copy")),
    Transform("H.264, crf 28", through("mp4", "-c:v", "libx264", "-crf", "28", "-c:a", "aac")),
    Transform("VP9 in WebM", through("webm", "-c:v", "libvpx-vp9", "-crf", "36", "-b:v", "0", "-cpu-used", "8")),
    Transform("half size, crf 26", through("mp4", "-vf", "scale=iw/2:-2", "-c:v", "libx264", "-crf", "26")),
    Transform("12 frames a second", through("mp4", "-r", "12", "-c:v", "libx264", "-crf", "23")),
    Transform("cut to the middle (90 %)", through("mp4", "-vf", "crop=iw*0.9:ih*0.9", "-c:v", "libx264")),
    Transform("the first second cut off", through("mp4", "-ss", "1", "-c:v", "libx264")),
    Transform("without its sound", through("mp4", "-an", "-c:v", "copy")),
)

DOCUMENTS: Final = (
    Transform("copied byte for byte", lambda file: file),
    Transform("saved again by another program", saved_again),
    Transform("its text alone", words_alone),
)

MEDIA: Final[dict[str, Medium]] = {
    "image": Medium(pictures, IMAGES, _decibels),
    "sound": Medium(sounds, SOUNDS),
    "video": Medium(videos, VIDEOS),
    "document": Medium(documents, DOCUMENTS),
}
