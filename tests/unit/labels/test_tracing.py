# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from answerable.formats.detect import detect
from answerable.labels import watermarking
from answerable.labels.tracing import Traces, traces
from answerable.marks.sketch import KEPT
from tests.unit.labels.fingerprint.seen import scene
from tests.unit.marks.test_sketch import story

KEY = b"k" * 32


def png(seed: int = 1, height: int = 288, width: int = 384) -> bytes:
    out = io.BytesIO()
    Image.fromarray(scene(seed, height, width)).save(out, "PNG")
    return out.getvalue()


_SMALL = png(1, 32, 32)


def taken(data: bytes, **more: object) -> Traces:
    return traces(data, detect(io.BytesIO(data)), **more)  # type: ignore[arg-type]


def test_what_is_taken_of_a_picture() -> None:
    found = taken(png())
    assert found.digest == sha256(png()).digest()
    assert (len(found.content), len(found.prints), found.sketch) == (32, 1, ())
    assert (found.watermark, found.problems) == (None, ())


def test_the_watermark_is_looked_for_everywhere_in_a_strangers_file() -> None:
    marked = io.BytesIO()
    assert watermarking.embed(io.BytesIO(png()), marked, "png", "a" * 32, KEY).done
    payload = watermarking.payload_of("a" * 32)
    assert taken(marked.getvalue(), watermark_key=KEY).watermark == payload
    half, image = io.BytesIO(), Image.open(marked)
    image.resize((int(image.width * 0.8), int(image.height * 0.8))).save(half, "PNG")
    assert taken(half.getvalue(), watermark_key=KEY, looked_for=True).watermark == payload
    assert taken(half.getvalue(), watermark_key=b"j" * 32).watermark is None


def test_a_text_that_is_asked_about_is_looked_at_whole() -> None:
    text = story(1, 600).encode()
    assert len(taken(text).sketch) == KEPT < len(taken(text, looked_for=True).sketch)
    assert taken(text).prints == ()


def test_of_an_unknown_format_the_digest_alone() -> None:
    assert traces(b"\x00\x01", None) == Traces(sha256(b"\x00\x01").digest())


def test_what_cannot_be_taken_is_named_and_the_rest_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iscc_lib", None)
    found = taken(png())
    assert (found.prints, found.problems) == ((), ("extra:fingerprint",))
    assert found.content
    assert taken(png()[:900]).problems == ("format.malformed", "extra:fingerprint")[:1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3_000), st.binary(min_size=1, max_size=40))
def test_no_damaged_file_is_an_error(at: int, noise: bytes) -> None:
    data = bytearray(_SMALL)
    data[at + 8 : at + 8 + len(noise)] = noise
    assert traces(bytes(data), detect(io.BytesIO(_SMALL))).digest == sha256(bytes(data)).digest()


def test_without_the_library_for_pictures_the_digest_stands_and_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = (Path(__file__).parents[2] / "golden" / "png" / "bare.png").read_bytes()
    monkeypatch.setitem(sys.modules, "PIL", None)
    taken = traces(data, detect(io.BytesIO(data)))
    assert taken.digest
    assert taken.content == b""
    assert "extra:image" in taken.problems
