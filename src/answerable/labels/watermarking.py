# SPDX-License-Identifier: Apache-2.0
"""The image watermark in files: JPEG, PNG and WebP of one frame and eight bits a channel. What stands beside the pixels
stays as it was; a JPEG keeps its quantisation tables, lossless files give back exactly the pixels that were marked.

Other pictures (palettes, 16 bits, animations, CMYK) and media carry none: for them metadata and fingerprint stand.
"""

from __future__ import annotations

import base64
import io
import warnings
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.labels.explicit import chunks

if TYPE_CHECKING:
    from answerable.labels.watermark import WatermarkReading

FORMATS: Final = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
MODES: Final = frozenset({"RGB", "RGBA", "L", "LA"})
MAX_PIXELS: Final = 50_000_000  # marking needs some 30 bytes of memory a pixel
WEBP_QUALITY: Final = 90
ALGORITHM: Final = "org.answerable.image.1"
PAYLOAD_BYTES: Final = 6
_RID: Final = 32


@dataclass(frozen=True, slots=True)
class Marked:
    """done: whether the picture carries the mark now; detail: why not, or how faint it is."""

    done: bool
    detail: str


def payload_of(record: str) -> int:
    """The 48 bits by which a watermark names a record: the first of a record id's own, of another text's SHA-256."""
    try:
        if len(record) == _RID:
            return int.from_bytes(base64.b32decode(record.upper())[:PAYLOAD_BYTES])
    except ValueError:
        pass
    return int.from_bytes(sha256(record.encode("utf-8", "surrogatepass")).digest()[:PAYLOAD_BYTES])


def embed(source: BinaryIO, target: BinaryIO, format: str, record: str, key: bytes) -> Marked:
    """`source` in `target` with the watermark of `record`, read back from the pixels as stored. Where the picture
    cannot carry one, `target` is of no use. Raises VerificationError ``format.malformed`` for what is no picture."""
    name = FORMATS.get(format, "")
    if not name:
        return Marked(False, f"no watermark in {format}")
    image, reason = _open(source, name)
    if image is None:
        return Marked(False, reason)
    import numpy as np
    from PIL import Image

    from answerable.labels import watermark

    pixels = np.asarray(image)
    try:
        marked = watermark.embed(pixels, payload_of(record), key)
    except VerificationError as error:
        return Marked(False, str(error.params.get("detail", error.code)))
    made = Image.fromarray(marked, image.mode)
    made.info = dict(image.info)
    data = _encoded(made, image, source, name)
    target.seek(0)
    target.write(data)
    target.truncate()
    # Without loss the pixels are those that `embed` has read back; the file is read when it is whole (`stages`).
    if name != "PNG":
        found = extract(target, format, key)
        if found is None or found.payload != payload_of(record):
            return Marked(False, "the picture is encoded too coarsely to hold it")
    return Marked(True, f"{watermark.psnr(pixels, marked):.1f} dB")


def extract(
    source: BinaryIO, format: str, key: bytes, *, search: Literal["place", "full"] = "place"
) -> WatermarkReading | None:
    """The watermark in a file, None for none or a picture that carries none. Raises VerificationError
    ``format.malformed|oversized``, Unavailable ``label.extra``."""
    name = FORMATS.get(format, "")
    if not name:
        return None
    image, _ = _open(source, name)
    if image is None:
        return None
    import numpy as np

    from answerable.labels import watermark

    return watermark.extract(np.asarray(image), key, search=search)


def _open(source: BinaryIO, name: str) -> tuple[Any, str]:
    """(the picture, "") or (None, why it carries no watermark)."""
    try:
        from PIL import Image
    except ImportError:
        raise Unavailable("label.extra", extra="image") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source.seek(0)
            image = Image.open(source, formats=(name,))
            if int(getattr(image, "n_frames", 1)) != 1 or image.format != name:
                return None, "it has several frames"
            if image.width * image.height > MAX_PIXELS:
                return None, f"it has more than {MAX_PIXELS} pixels"
            if image.mode not in MODES or "transparency" in image.info:
                return None, f"its colours are stored as {image.mode}"
            if name == "PNG" and chunks.png_depth(source) != 8:
                return None, "it has another depth than 8 bits a channel"
            image.load()
            return image, ""
    except AnswerableError:
        raise
    except Image.DecompressionBombError:
        raise VerificationError("format.oversized", format=name.lower(), detail="too many pixels") from None
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise VerificationError(
            "format.malformed", format=name.lower(), detail=f"its pixels cannot be read ({type(error).__name__})"
        ) from None


def _encoded(made: Any, image: Any, source: BinaryIO, name: str) -> bytes:
    """The marked picture as `source` was coded, with what stood beside its pixels. image: as it was read."""
    if name == "PNG":
        return chunks.png(source, chunks.png_encoded(made))
    out = io.BytesIO()
    made.save(out, name, **_settings(image, source, name))
    return chunks.jpeg(source, out.getvalue()) if name == "JPEG" else out.getvalue()


def _settings(image: Any, source: BinaryIO, name: str) -> dict[str, Any]:
    if name == "JPEG":
        from PIL import JpegImagePlugin

        return {
            "qtables": image.quantization,
            "subsampling": JpegImagePlugin.get_sampling(image),
            "progressive": bool(image.info.get("progressive")),
        }
    if name == "WEBP":
        kept = {key: image.info[key] for key in ("icc_profile", "exif", "xmp") if image.info.get(key)}
        lossless = chunks.webp_lossless(source)
        return {"lossless": lossless, "exact": True, "quality": 80 if lossless else WEBP_QUALITY, "method": 4, **kept}
    return {}
