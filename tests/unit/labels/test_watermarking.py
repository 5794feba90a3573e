# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, VerificationError
from answerable.labels import stages, watermarking
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label
from answerable.labels.reading import Trust, read_label
from answerable.labels.watermarking import Marked, embed, extract, payload_of
from answerable.model.labels import Reading
from benchmarks.pictures import scene
from tests.small_media import PROVIDER

RECORD = "abcdefghijklmnopqrstuvwxyz234567"
SECRET = b"k" * 32
BY = Labeller(PROVIDER, Key.generate(), watermark_key=SECRET)
PIXELS = scene(np.random.default_rng(5), 240, 320)


def picture(form: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "more"),
    [("PNG", {}), ("JPEG", {"quality": 80}), ("WEBP", {"quality": 90}), ("WEBP", {"lossless": True})],
)
def test_written_and_found_again(form: str, more: dict[str, Any]) -> None:
    source, target = io.BytesIO(picture(form, **more)), io.BytesIO()
    done = embed(source, target, form.lower(), RECORD, SECRET)
    assert done.done, done.detail
    found = extract(target, form.lower(), SECRET)
    assert found is not None
    assert found.payload == payload_of(RECORD)
    assert extract(target, form.lower(), b"j" * 32) is None
    assert extract(source, form.lower(), SECRET) is None


def test_what_stands_beside_the_pixels_stays() -> None:
    info = PngInfo()
    info.add_text("Title", "A title")
    target = io.BytesIO()
    assert embed(io.BytesIO(picture(pnginfo=info, dpi=(72, 72))), target, "png", RECORD, SECRET).done
    kept = Image.open(target)
    assert kept.info["Title"] == "A title"
    exif = Image.Exif()
    exif[0x010E] = "described"
    source, target = io.BytesIO(picture("JPEG", quality=80, exif=exif)), io.BytesIO()
    assert embed(source, target, "jpeg", RECORD, SECRET).done
    kept = Image.open(target)
    assert kept.getexif()[0x010E] == "described"
    assert kept.quantization == Image.open(source).quantization  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("form", "mode", "size", "reason"),
    [
        ("PNG", "P", (320, 240), "stored as P"),
        ("PNG", "I;16", (320, 240), "stored as I;16"),
        ("JPEG", "CMYK", (320, 240), "stored as CMYK"),
        ("PNG", "RGB", (20, 20), "too few"),
        ("GIF", "P", (320, 240), "no watermark in gif"),
    ],
)
def test_pictures_that_carry_none(form: str, mode: str, size: tuple[int, int], reason: str) -> None:
    source = io.BytesIO()
    Image.new(mode, size).save(source, form)
    done = embed(source, io.BytesIO(), form.lower(), RECORD, SECRET)
    assert not done.done
    assert reason in done.detail


def test_what_is_no_picture() -> None:
    for data in (b"", b"\x89PNG\r\n\x1a\n" + bytes(50), picture()[:2000]):
        with pytest.raises(VerificationError) as caught:
            extract(io.BytesIO(data), "png", SECRET)
        assert caught.value.code == "format.malformed"


def test_a_picture_of_too_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    made = io.BytesIO()
    Image.new("L", (100, 100)).save(made, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    with pytest.raises(VerificationError) as caught:
        extract(made, "png", bytes(32))
    assert caught.value.code == "format.oversized"


def test_by_which_bits_a_record_is_named() -> None:
    assert payload_of(RECORD) == 0x00443214C742
    assert payload_of("another") < 1 << 48
    assert len({payload_of(name) for name in ("one", "two", RECORD, RECORD.upper() + "x", "!" * 32)}) == 5


def test_a_labelled_picture_and_its_copy_without_metadata() -> None:
    done = label(picture(), by=BY, record=RECORD)
    assert [(layer.name, layer.state) for layer in done.layers] == [("watermark", "written"), ("aigc", "written")]
    assert done.data is not None
    trust = Trust(watermark_keys=(SECRET,))
    found = read_label(done.data, trust=trust)
    assert (found.verdict, found.layer("watermark").state) == (Reading.LABELLED, "found")
    bare = io.BytesIO()
    Image.open(io.BytesIO(done.data)).save(bare, "JPEG", quality=70)
    left = read_label(bare.getvalue(), trust=trust)
    assert (left.verdict, left.layer("aigc").state, left.layer("watermark").state) == (
        Reading.LABELLED,
        "absent",
        "found",
    )
    # Who takes the label off and labels the picture as another's is told that the pixels know better.
    with pytest.raises(Refused) as caught:
        label(bare.getvalue(), by=replace(BY, provider="001191110000MA0000001X10000"), record=RECORD[::-1])
    assert caught.value.code == "label.contradicted"


def test_a_label_moved_to_a_marked_picture_of_another_record() -> None:
    one, other = (label(picture(), by=BY, record=name) for name in (RECORD, RECORD[::-1]))
    assert one.data is not None
    assert other.data is not None
    from answerable.formats.png import Png
    from answerable.marks.aigc import write

    moved = io.BytesIO()
    Png().write(io.BytesIO(one.data), moved, write(other.aigc))
    found = read_label(moved.getvalue(), trust=Trust(watermark_keys=(SECRET,)))
    assert found.verdict is Reading.INCONSISTENT
    assert "another record" in found.contradictions[0]


def test_another_producers_pixels_stay() -> None:
    theirs = label(picture(), by=Labeller("001191110000MA0000001X10000"))
    assert theirs.data is not None
    done = label(theirs.data, by=BY, record=RECORD)
    assert done.data is not None
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(done.data))), PIXELS)


def test_what_must_be_there_and_cannot_is_refused() -> None:
    source = io.BytesIO()
    Image.new("P", (320, 240)).save(source, "PNG")
    done = label(source.getvalue(), by=BY)
    assert [(layer.name, layer.state) for layer in done.layers] == [("watermark", "unsupported"), ("aigc", "written")]
    with pytest.raises(Refused) as caught:
        label(source.getvalue(), by=replace(BY, require=frozenset({"watermark"})))
    assert (caught.value.code, caught.value.params["layer"]) == ("label.unsupported", "watermark")


def test_a_watermark_that_does_not_read_back_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(source: io.BytesIO, target: io.BytesIO, *_: object) -> Marked:
        target.write(source.getvalue())
        return Marked(True, "45 dB")

    monkeypatch.setattr(stages.watermarking, "embed", silent)
    with pytest.raises(VerificationError) as caught:
        label(picture(), by=BY)
    assert (caught.value.code, caught.value.params["layer"]) == ("label.read_back", "watermark")
    assert watermarking.ALGORITHM
