# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from answerable.errors import AnswerableError, VerificationError
from answerable.formats.detect import detect
from answerable.labels import content
from tests.label_files import docx, pptx, xlsx
from tests.unit.labels.fingerprint.seen import film, scene, tune
from tests.unit.labels.fingerprint.test_sound import recoded


def digest(data: bytes) -> bytes:
    carrier = detect(io.BytesIO(data))
    return content.digest(io.BytesIO(data), carrier.name, carrier.media)


def picture(form: str, seed: int = 1, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(scene(seed, 96, 128)).save(out, form, **options)
    return out.getvalue()


def test_the_same_pixels_in_every_lossless_form() -> None:
    assert digest(picture("PNG")) == digest(picture("WEBP", lossless=True)) == digest(picture("TIFF"))
    assert digest(picture("PNG", dpi=(3, 3))) == digest(picture("PNG"))
    assert digest(picture("JPEG")) != digest(picture("PNG"))
    assert digest(picture("PNG", seed=2)) != digest(picture("PNG"))


def test_every_frame_counts() -> None:
    first, second = (Image.fromarray(scene(seed, 40, 40)) for seed in (1, 2))
    both, one = io.BytesIO(), io.BytesIO()
    first.save(both, "PNG", save_all=True, append_images=[second])
    first.save(one, "PNG")
    assert digest(both.getvalue()) != digest(one.getvalue())


def test_the_same_samples_in_every_lossless_form() -> None:
    data = tune(1)
    assert digest(data) == digest(recoded(data, "flac", "flac")) != digest(recoded(data, "mp3", "mp3"))
    assert digest(tune(2)) != digest(data)


def test_the_same_streams_in_another_container() -> None:
    import av

    data, out = film(1, "mp4", "mpeg4"), io.BytesIO()
    with av.open(io.BytesIO(data)) as read, av.open(out, "w", format="matroska") as made:
        stream = made.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    assert digest(out.getvalue()) == digest(data) != digest(film(2, "mp4", "mpeg4"))


@pytest.mark.parametrize(
    ("data", "format", "said"),
    [
        (b"a  text\r\n", "plain", "a  text\r\n"),
        (b"\xef\xbb\xbfa text", "plain", "a text"),
        ("\ufeffa text 中".encode("utf-16-le"), "plain", "a text 中"),
        ("\ufeff<p>a 中</p>".encode("utf-16-be"), "html", "a 中"),
        ("一段文字".encode("gb18030"), "plain", "一段文字"),
        ("<p>é".encode("latin-1"), "html", "é"),
        (b"---\nAIGC: x\n---\n# Title\n", "markdown", "# Title\n"),
        (b"--- \nAIGC: x\n...\n# Title\n", "markdown", "# Title\n"),
        (b"---\nAIGC: x\n---", "markdown", ""),
        (b"<title>t</title><style>x</style><p>one &amp; <b>t</b>wo</p><script>no</script>", "html", "one & two"),
    ],
)
def test_the_words_of_a_text(data: bytes, format: str, said: str) -> None:
    assert content.text(io.BytesIO(data), format).strip() == said.strip()


def test_texts_in_another_encoding_are_not_all_the_same() -> None:
    """Characters that cannot be read would be one another's likeness."""
    for encoding in ("gb18030", "utf-16"):
        assert digest("甲乙丙丁，戊己庚辛。".encode(encoding)) != digest("子丑寅卯，辰巳午未。".encode(encoding))
    assert digest("甲乙丙丁，戊己庚辛。".encode("gb18030")) == digest("甲乙丙丁，戊己庚辛。".encode())


def test_layout_and_label_do_not_count_in_a_text() -> None:
    assert digest(b"# A title\n\n* one\n* two\n") == digest(b"---\nAIGC: '{}'\n---\n# A title\n\n*  one\n* two")
    assert digest(b"<!doctype html><p>Hi") == digest(
        b"<!doctype html>\n<html><head><meta name=AIGC></head><body>Hi</body>"
    )


@pytest.mark.parametrize(("make", "format"), [(docx, "docx"), (pptx, "pptx"), (xlsx, "xlsx")])
def test_the_words_of_office_documents(make, format: str) -> None:  # type: ignore[no-untyped-def]
    data = make()
    assert bool(content.text(io.BytesIO(data), format).strip()) is (format == "docx")  # the others are empty
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as read, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name in read.namelist():
            made.writestr(name, read.read(name))
    assert digest(out.getvalue()) == digest(data)


def test_a_pdf_has_none() -> None:
    assert content.digest(io.BytesIO(b"%PDF-1.7"), "pdf", "application/pdf") == b""


def test_a_bomb_of_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_TEXT", 1_000)
    with pytest.raises(AnswerableError, match=r"format\.oversized"):
        content.text(io.BytesIO(b"a" * 1_001), "plain")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", b"<w:t>" + b"a" * 100_000)
    with pytest.raises(AnswerableError, match=r"format\.oversized"):
        content.text(out, "docx")


def test_an_animation_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_PIXELS", 1_000)
    with pytest.raises(AnswerableError, match=r"format\.oversized"):
        digest(picture("PNG"))


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300), format=st.sampled_from(["plain", "markdown", "html", "docx", "pptx"]))
def test_any_bytes_are_read_or_refused(data: bytes, format: str) -> None:
    for each in (data, b"PK\x03\x04" + data):
        with suppress(VerificationError):
            content.text(io.BytesIO(each), format)


@pytest.mark.parametrize("path", sorted(Path("tests/golden").glob("*/*.docx")), ids=lambda path: path.name)
def test_golden_documents_are_read(path: Path) -> None:
    with path.open("rb") as file:
        content.text(file, "docx")
