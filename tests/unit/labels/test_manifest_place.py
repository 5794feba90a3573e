# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct
import time
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.crypto.issuing import issue
from answerable.formats.detect import detect
from answerable.labels import c2pa
from answerable.labels.chain import Chain
from answerable.labels.manifest import Said
from answerable.labels.manifest_place import ENDLESS, ISOBMFF, RIFF, samples, store_size
from tests.av_bytes import FTYP, box, stco, track, wav
from tests.small_media import picture

NOW = int(time.time() * 1000)
CHAIN = Chain.of(issue("a", now_ms=NOW, days=30))
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def movie(samples: int = 4096) -> bytes:
    moov = box(b"moov", track(stco(len(FTYP) + len(box(b"moov", track(stco(0)))) + 8)))
    return FTYP + moov + box(b"mdat", bytes(samples))


def signed(file: bytes, media: str) -> bytes:
    out = BytesIO()
    c2pa.sign(BytesIO(file), out, media, chain=CHAIN, said=Said("r", "s", "p", NOW))
    return out.getvalue()


@pytest.mark.parametrize(
    ("media", "file"),
    [("video/mp4", movie()), ("audio/wav", wav()), ("image/png", picture())],
    ids=["mp4", "wav", "png"],
)
def test_the_store_that_the_library_writes_is_found(media: str, file: bytes) -> None:
    assert store_size(BytesIO(file), media) == 0
    found = store_size(BytesIO(signed(file, media)), media)
    assert 8_000 < found < 40_000
    assert store_size(BytesIO(signed(file, media))) <= found, "searched for, it is what stands in its box"


class Counted(BytesIO):
    """Knows how much of it was read."""

    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.total += len(data)
        return data


@pytest.mark.parametrize("media", ["video/mp4", "audio/wav"])
def test_samples_are_not_read(media: str) -> None:
    large = movie(8 << 20) if media == "video/mp4" else wav(samples=bytes(8 << 20))
    for file, stands in ((large, False), (signed(large, media), True)):
        counted = Counted(file)
        assert bool(store_size(counted, media)) is stands
        assert counted.total < 64 << 10


def test_boxes_of_c2pa_that_are_no_store() -> None:
    hashes = box(b"uuid", C2PA, bytes(4), b"merkle\0", bytes(99))
    assert store_size(BytesIO(movie() + hashes), "video/mp4") == 0
    assert store_size(BytesIO(movie() + box(b"uuid", bytes(16), bytes(99))), "video/mp4") == 0
    longer = box(b"uuid", C2PA, bytes(4), b"manifest\0", bytes(8), bytes(3_000_000))
    assert store_size(BytesIO(movie() + hashes + longer), "video/mp4") > c2pa.MAX_MANIFEST
    assert c2pa.read(BytesIO(movie() + longer), "video/mp4").problems == ("oversized",)


def store(length: int) -> bytes:
    return struct.pack(">I4s", length, b"jumb") + struct.pack(">I", 30) + b"jumdc2pa\0\x11\0\x10\x80\0\0\xaa\x008\x9bq"


@pytest.mark.parametrize("media", sorted(ISOBMFF | RIFF))
def test_what_is_not_built_as_it_should_be_is_searched(media: str) -> None:
    """Another reader may find in it what a walk does not come to."""
    assert store_size(BytesIO(b"\0\0\0\4junk" + bytes(900) + store(777)), media) == 777
    assert store_size(BytesIO(b"RIFF" + bytes(900) + store(778)), media) == 778
    for length in (0, 1):
        assert store_size(BytesIO(b"\0\0\0\4junk" + store(length)), media) == ENDLESS


def test_riff_whose_sizes_stand_elsewhere_is_searched() -> None:
    wide = bytearray(signed(wav(), "audio/wav"))
    wide[:4] = b"RF64"
    assert store_size(BytesIO(wide), "audio/wav") > 8_000
    cut = wav()[:-4] + b"C2PA" + struct.pack("<I", 2**31) + store(999)
    assert store_size(BytesIO(cut), "audio/wav") == 999


def test_lengths_of_samples() -> None:
    assert samples(BytesIO(movie(100) + box(b"mdat", bytes(5)))) == (108, 13)
    assert samples(BytesIO(b"junk of another kind")) == ()


@given(st.sampled_from([*sorted(ISOBMFF | RIFF), "image/png"]), st.binary(max_size=300))
def test_foreign_bytes_raise_nothing(media: str, file: bytes) -> None:
    for each in (file, FTYP + file, wav()[:20] + file):
        assert store_size(BytesIO(each), media) >= 0
        assert len(samples(BytesIO(each))) < 40


def test_detected_types_are_known() -> None:
    for file in (movie(), wav()):
        carrier = detect(BytesIO(file))
        assert carrier.media in ISOBMFF | RIFF
