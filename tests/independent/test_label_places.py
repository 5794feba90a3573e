# SPDX-License-Identifier: Apache-2.0
"""Where no program that is not ours reads the object: a reader written here from the specifications alone (RIFF as in
"Multimedia Programming Interface and Data Specifications 1.0", chapter 2, and EBU Tech 3306 for RF64; the front matter
of YAML 1.2 with JSON in it) or the standard library's own parser (HTML). Nothing of ours but the writer is used."""

from __future__ import annotations

import io
import json
import struct
import wave
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from answerable.formats.detect import detect
from tests.av_bytes import OTHER, TEXT
from tests.av_files import media

GOLDEN = Path(__file__).parents[1] / "golden"


def labelled(data: bytes) -> bytes:
    """Twice, so that one object is replaced too."""
    for text in (OTHER, TEXT):
        source, made = io.BytesIO(data), io.BytesIO()
        detect(source).write(source, made, text)
        data = made.getvalue()
    return data


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(id, content) of each chunk: id, size in 32 bits, content, and a byte more where the size is odd."""
    form, size, kind = data[:4], struct.unpack_from("<I", data, 4)[0], data[8:12]
    assert kind == b"WAVE"
    large: dict[bytes, int] = {}
    if form == b"RF64":
        assert data[12:16] == b"ds64"
        size, sound = struct.unpack_from("<QQ", data, 20)
        large = {b"data": sound}
    else:
        assert form == b"RIFF"
    endless = form == b"RIFF" and size == 0xFFFFFFFF  # a writer that could not go back
    assert endless or size == len(data) - 8
    at = 12
    while at < len(data):
        name, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if length == 0xFFFFFFFF:
            length = large.get(name, len(data) - at - 8 if endless else length)
        assert at + 8 + length <= len(data)
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    assert at == len(data)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("wav/*.wav")), ids=lambda path: path.name)
def test_the_chunk_of_a_wave_file(path: Path) -> None:
    before = path.read_bytes()
    now = list(chunks(labelled(before)))
    assert [content for name, content in now if name == b"AIGC"] == [TEXT.encode()]
    # An object among others' texts (LIST INFO) is taken from there: there is one.
    aside = (b"AIGC", b"ds64", b"LIST")
    was = [each for each in chunks(before) if each[0] not in aside]
    assert [each for each in now if each[0] not in aside] == was
    assert not any(b"ContentProducer" in content for name, content in now if name == b"LIST")


@pytest.mark.system("ffmpeg")
@pytest.mark.parametrize("name", ["plain.wav", "wide.wav"])
def test_a_wave_file_of_another_writer(name: str) -> None:
    before = media(name)
    after = labelled(before)
    assert [content for found, content in chunks(after) if found == b"AIGC"] == [TEXT.encode()]
    assert dict(chunks(after))[b"data"] == dict(chunks(before))[b"data"] != b""


def test_pythons_own_reader_hears_the_same_samples() -> None:
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setparams((1, 2, 8_000, 0, "NONE", ""))
        made.writeframes(bytes(range(251)) * 3 + b"\0")
    data = labelled(out.getvalue())
    with wave.open(io.BytesIO(data)) as read:
        assert read.readframes(10_000) == bytes(range(251)) * 3 + b"\0"
    assert [name for name, _ in chunks(data)].count(b"AIGC") == 1


class Metas(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "meta" and (told.get("name") or "").lower() == "aigc":
            self.found.append(told.get("content"))


PAGES = [
    b"<!doctype html><html><head><title>a</title></head><body><p>b</body></html>",
    b"<body><p>no head",
    b"<html><head><meta charset=utf-8><script>if (a < b) document.write('<meta name=AIGC>')</script></head>x</html>",
]


@pytest.mark.parametrize("data", PAGES)
def test_the_meta_element_of_a_page(data: bytes) -> None:
    parser = Metas()
    parser.feed(labelled(data).decode())
    assert parser.found == [TEXT]


def front_matter(text: str) -> list[str]:
    """The values of `AIGC` at the margin, between a first line of three hyphens and the next."""
    lines = text.removeprefix("\ufeff").splitlines()
    assert lines[0].rstrip() == "---"
    end = next(n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "..."))
    return [line.removeprefix("AIGC:").strip() for line in lines[1:end] if line.startswith("AIGC:")]


@pytest.mark.parametrize(
    "data",
    [
        b"# A\n\n- b\n- **c**\n",
        b"---\ntitle: A\n---\n# B\n\n- c\n",
        b"\xef\xbb\xbf---\r\ntitle: A\r\n---\r\n# B\r\n\r\n- c\r\n",
    ],
)
def test_the_front_matter_of_markdown(data: bytes) -> None:
    (value,) = front_matter(labelled(data).decode())
    assert (json.loads(value), value) == (json.loads(TEXT), TEXT)
