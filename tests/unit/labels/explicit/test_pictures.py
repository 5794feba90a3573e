# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.labels.explicit import pictures
from answerable.labels.explicit.pictures import FORMATS, render
from answerable.labels.explicit.plan import Corner, Plan

ICC = b"ICC profile of nobody" * 9


def smooth(mode: str = "RGB", size: tuple[int, int] = (320, 240), turn: int = 0) -> Image.Image:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    planes = (x * 200 // size[0] + turn, y * 200 // size[1], (x + y) * 99 // sum(size) + 40)
    image = Image.fromarray(np.stack(planes, -1).astype(np.uint8))
    return Image.fromarray((x + y).astype(np.uint16) * 90) if mode == "I;16" else image.convert(mode)


def saved(image: Image.Image, form: str, **how: Any) -> BytesIO:
    out = BytesIO()
    image.save(out, form, **how)
    return out


def rendered(source: BytesIO, form: str, plan: Plan | None = None) -> tuple[pictures.Report, BytesIO]:
    out = BytesIO()
    media = next(media for media, name in FORMATS.items() if name == form)
    return render(source, out, media, plan or Plan()), out


def outside_is_equal(before: BytesIO, after: BytesIO, report: pictures.Report) -> bool:
    one, other = (np.array(Image.open(each).convert("RGBA")) for each in (before, after))
    box = report.box
    for each in (one, other):
        each[box.y : box.y + box.height, box.x : box.x + box.width] = 0
    return bool((one == other).all())


@pytest.mark.parametrize(
    ("form", "mode", "how"),
    [
        *[("PNG", mode, {}) for mode in ("1", "L", "LA", "RGB", "RGBA", "P", "I;16")],
        *[("TIFF", mode, {}) for mode in ("1", "L", "RGB", "RGBA", "CMYK", "P", "I;16")],
        *[("TIFF", "RGB", {"compression": kind}) for kind in ("tiff_lzw", "tiff_adobe_deflate", "packbits")],
        *[("WEBP", mode, {"lossless": True}) for mode in ("RGB", "RGBA")],
        *[("GIF", mode, {}) for mode in ("P", "L", "1")],
    ],
)
def test_without_loss_every_pixel_outside_the_words_is_as_it_was(form: str, mode: str, how: dict[str, Any]) -> None:
    source = saved(smooth(mode), form, **how)
    report, out = rendered(source, form)
    assert (report.exact, report.psnr, report.frames) == (True, math.inf, 1)
    assert report.measured.glyph_px >= 12
    if mode not in ("CMYK", "I;16"):
        assert outside_is_equal(source, out, report)
    assert Image.open(out).mode == Image.open(source).mode or form == "PNG"
    if form == "TIFF":
        assert Image.open(out).info.get("compression") == Image.open(source).info.get("compression")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("how", [{"quality": 50}, {"quality": 92, "subsampling": 0}, {"progressive": True}])
def test_a_jpeg_keeps_its_tables_and_subsampling_and_says_what_it_lost(mode: str, how: dict[str, Any]) -> None:
    from PIL import JpegImagePlugin

    source = saved(smooth(mode), "JPEG", **how)
    report, out = rendered(source, "JPEG")
    before, after = Image.open(source), Image.open(out)
    assert after.quantization == before.quantization  # type: ignore[attr-defined]
    assert JpegImagePlugin.get_sampling(after) == JpegImagePlugin.get_sampling(before)
    assert after.info.get("progressive") == before.info.get("progressive")
    assert not report.exact
    assert 35 < report.psnr < 80


def test_a_lossy_webp_says_what_it_lost() -> None:
    report, _ = rendered(saved(smooth(), "WEBP", quality=70), "WEBP")
    assert not report.exact
    assert report.psnr > 30


@pytest.mark.parametrize(("form", "how"), [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
def test_each_frame_carries_the_words_and_lasts_as_long(form: str, how: dict[str, Any]) -> None:
    frames = [smooth(turn=turn).quantize(64).convert("RGB") for turn in (0, 20, 40)]
    source = saved(frames[0], form, save_all=True, append_images=frames[1:], duration=[200, 300, 400], loop=3, **how)
    report, out = rendered(source, form)
    before, after = Image.open(source), Image.open(out)
    assert (report.frames, report.exact) == (3, True)
    for number in range(3):
        before.seek(number)
        after.seek(number)
        before.load()
        after.load()
        assert before.info.get("duration") == after.info.get("duration")
        box = report.box
        region = np.asarray(after.convert("L"))[box.y : box.y + box.height, box.x : box.x + box.width]
        assert region.max() == 255
        assert np.median(region) == 0
    assert before.info.get("loop") == after.info.get("loop")


def test_pages_of_several_sizes_are_each_measured() -> None:
    pages = [smooth(size=size) for size in ((320, 240), (900, 700), (200, 400))]
    source = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    report, out = rendered(source, "TIFF")
    assert (report.frames, report.exact) == (3, True)
    after = Image.open(out)
    assert [(after.seek(number), after.size)[1] for number in range(3)] == [(320, 240), (900, 700), (200, 400)]


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("turn", range(2, 9))
def test_a_turned_tiff_is_written_as_it_is_seen(turn: int, compression: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    source = saved(smooth(), "TIFF", exif=exif, compression=compression)
    report, target = rendered(source, "TIFF")
    seen, made = (np.asarray(ImageOps.exif_transpose(Image.open(each))) for each in (source, target))
    box = report.box
    outside = np.ones(seen.shape[:2], dtype=bool)
    outside[box.y : box.y + box.height, box.x : box.x + box.width] = False
    assert made.shape == seen.shape
    assert (made[outside] == seen[outside]).all()
    assert box.x + box.width > seen.shape[1] * 3 // 4  # at the right as people see it


def test_a_gif_with_clear_pixels_stays_clear() -> None:
    frames = []
    for turn in (0, 30):
        frame = smooth(turn=turn).quantize(32).convert("RGBA")
        frame.paste((0, 0, 0, 0), (0, 0, 40 + turn, 40))
        frames.append(frame)
    source = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100, disposal=2)
    report, out = rendered(source, "GIF")
    assert (report.frames, report.exact) == (2, True)
    after = Image.open(out)
    after.seek(1)
    assert after.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_metadata_of_a_png_and_a_jpeg_stay_byte_for_byte() -> None:
    from PIL.PngImagePlugin import PngInfo

    exif = Image.Exif()
    exif[0x010E] = "a description"
    told = PngInfo()
    told.add_text("AIGC", '{"Label":"1"}')
    told.add_itxt("XML:com.adobe.xmp", "<x/>")
    source = saved(smooth(), "PNG", pnginfo=told, exif=exif, icc_profile=ICC, dpi=(72, 72))
    _, out = rendered(source, "PNG")
    for kind in (b"tEXt", b"iTXt", b"eXIf", b"iCCP", b"pHYs"):
        at, there = source.getvalue().index(kind), out.getvalue().index(kind)
        length = int.from_bytes(source.getvalue()[at - 4 : at])
        assert source.getvalue()[at - 4 : at + 8 + length] == out.getvalue()[there - 4 : there + 8 + length]
    source = saved(smooth(), "JPEG", exif=exif, icc_profile=ICC, comment=b"a comment", xmp=b"<x/>")
    _, out = rendered(source, "JPEG")
    before, after = Image.open(source), Image.open(out)
    assert before.applist[1:] == after.applist[1:]  # type: ignore[attr-defined]
    assert after.info["comment"] == b"a comment"


@pytest.mark.system("exiftool")
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_another_program_finds_the_metadata(form: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description"
    _, out = rendered(saved(smooth(), form, exif=exif, icc_profile=ICC), form)
    file = tmp_path / f"x.{form.lower()}"
    file.write_bytes(out.getvalue())
    told = subprocess.run(["exiftool", "-json", str(file)], capture_output=True, check=True, timeout=60)
    read = json.loads(told.stdout)[0]
    assert (read["ImageWidth"], read["ImageHeight"], read["ImageDescription"]) == (320, 240, "a description")
    assert "Error" not in read


def test_what_is_refused() -> None:
    with pytest.raises(Refused, match="not drawn"):
        render(BytesIO(b"hello"), BytesIO(), "text/plain", Plan())
    with pytest.raises(Refused, match="too few"):
        rendered(saved(smooth(size=(30, 30)), "PNG"), "PNG")
    deep = saved(smooth(), "PNG").getvalue()
    with pytest.raises(AnswerableError):
        rendered(BytesIO(deep[:24] + b"\x10" + deep[25:]), "PNG")
    for junk in (b"", b"junk", deep[:100], saved(smooth(), "JPEG").getvalue()):
        with pytest.raises(VerificationError, match=r"format\.malformed"):
            rendered(BytesIO(junk), "PNG")


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_PIXELS", 320 * 240 - 1)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        rendered(saved(smooth(), "PNG"), "PNG")


def test_a_file_that_came_out_wrong_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is read anew: a writer that loses the words, or pixels, is found."""
    source = saved(smooth(), "PNG")
    monkeypatch.setattr(pictures, "_write", lambda source, target, name, encoded: target.write(source.getvalue()))
    with pytest.raises(VerificationError, match="stand out"):
        rendered(source, "PNG")

    def other(source: BytesIO, target: BytesIO, name: str, encoded: bytes) -> None:
        image = Image.open(BytesIO(encoded))
        image.putpixel((1, 1), (1, 2, 3))
        image.save(target, "PNG")

    monkeypatch.setattr(pictures, "_write", other)
    with pytest.raises(VerificationError, match="outside"):
        rendered(source, "PNG")


@settings(max_examples=150, deadline=5_000)
@given(st.data())
def test_mutated_files_raise_our_errors_alone(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(list(FORMATS.values())))
    file = bytearray(SEEDS[form])
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(file) - 1))
        file[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    try:
        report, _ = rendered(BytesIO(file), form, Plan(corner=data.draw(st.sampled_from(list(Corner)))))
    except AnswerableError:
        return
    assert report.measured.glyph_px >= report.measured.least_px


SEEDS = {form: saved(smooth(size=(80, 60)), form).getvalue() for form in FORMATS.values()}
