# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct
import wave
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.labels.explicit.wave_file import coded, heard, insert, shape


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)


def file(frames: bytes, *, tag: int = 1, channels: int = 1, bits: int = 16, rate: int = 8_000, more: bytes = b"",
         before: bytes = b"", extensible: bool = False) -> BytesIO:  # fmt: skip
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate, rate * block, block, bits)
    form += struct.pack("<HHIH", 22, bits, 0, tag) + bytes(14) if extensible else b""
    body = b"WAVE" + chunk(b"fmt ", form) + before + chunk(b"data", frames) + more
    return BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)


def inserted(source: BytesIO, first: int, samples: np.ndarray) -> BytesIO:
    out = BytesIO()
    found = shape(source)
    insert(source, out, found, first, coded(samples.astype(np.float32), found))
    return out


@pytest.mark.parametrize(("tag", "bits"), [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("first", [0, 3, 7])
def test_every_other_byte_stays(tag: int, bits: int, channels: int, first: int) -> None:
    block = channels * bits // 8
    frames = np.random.default_rng(bits).integers(0, 128, 7 * block, dtype=np.uint8).tobytes()
    fact, list_ = chunk(b"fact", struct.pack("<I", 7)), chunk(b"LIST", b"INFOINAM\x02\0\0\0a\0")
    source = file(frames, tag=tag, channels=channels, bits=bits, before=fact, more=list_, extensible=channels > 2)
    mark = np.array([0.5, -0.5, 0.25])
    out = inserted(source, first, mark)
    found = shape(out)
    assert (found.frames, found.channels, found.rate) == (10, channels, 8_000)
    data = out.getvalue()[found.start : found.start + found.length]
    assert data[: first * block] + data[(first + 3) * block :] == frames
    assert heard(out, found, first, 3) == pytest.approx(mark, abs=2 / 2 ** min(bits - 1, 23))
    whole = out.getvalue()
    assert struct.unpack_from("<I", whole, 4)[0] == len(whole) - 8
    assert struct.unpack_from("<I", whole, found.fact)[0] == 10
    assert whole.endswith(list_)
    assert len(whole) == len(source.getvalue()) + 3 * block + (found.length % 2) - (7 * block % 2)


def test_another_reader_opens_it() -> None:
    out = inserted(file(bytes(20), channels=2), 2, np.full(100, 0.25))
    out.seek(0)
    with wave.open(out) as read:
        assert (read.getnchannels(), read.getnframes()) == (2, 105)


def test_a_fact_after_the_data_moves_along() -> None:
    out = inserted(file(bytes(15), bits=8, more=chunk(b"fact", struct.pack("<I", 15))), 0, np.zeros(2))
    found = shape(out)
    assert struct.unpack_from("<I", out.getvalue(), found.fact)[0] == 17


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (BytesIO(b""), "format.malformed"),
        (BytesIO(b"RIFF\0\0\0\0AVI "), "format.malformed"),
        (BytesIO(b"RF64\xff\xff\xff\xffWAVE"), "label.explicit"),
        (file(b"abcd", tag=6, bits=8), "label.explicit"),
        (file(b"abcd", tag=3, bits=16), "label.explicit"),
        (file(b"abcd", channels=0), "format.malformed"),
        (file(b"abcd", rate=10), "format.malformed"),
        (BytesIO(file(b"abcd").getvalue()[:-2]), "format.malformed"),
        (BytesIO(file(b"").getvalue()[:20]), "format.malformed"),
    ],
)
def test_what_is_not_written(source: BytesIO, code: str) -> None:
    with pytest.raises((VerificationError, Refused)) as caught:
        shape(source)
    assert caught.value.code == code


def test_a_file_that_would_pass_four_gibibytes_is_refused() -> None:
    source = file(b"abcd")
    found = shape(source)
    source.seek(4)
    source.write(struct.pack("<I", 2**32 - 20))
    with pytest.raises(Refused, match=r"label\.explicit"):
        insert(source, BytesIO(), found, 0, bytes(64))


@settings(max_examples=200)
@given(st.binary(max_size=120), st.integers(0, 60))
def test_foreign_bytes_raise_our_errors_alone(data: bytes, at: int) -> None:
    whole = bytearray(file(bytes(32), before=chunk(b"LIST", b"abc")).getvalue())
    whole[at : at + len(data) // 8] = data[: len(data) // 8]
    for each in (data, b"RIFF\0\0\0\0WAVE" + data, bytes(whole)):
        try:
            found = shape(BytesIO(each))
        except AnswerableError:
            continue
        assert len(heard(BytesIO(each), found, 0, 10)) <= 10
