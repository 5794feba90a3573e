# SPDX-License-Identifier: Apache-2.0
"""WAV and AVI: one object, samples and indices as they were."""

from __future__ import annotations

import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import riff
from answerable.formats.riff import Avi, Wav
from tests.av_bytes import FORMAT, OTHER, SAMPLES, TEXT, chunk, listed, read, texts, wav, write
from tests.av_bytes import riff as whole

DATA = chunk(b"data", SAMPLES)


def size(data: bytes, at: int = 4) -> int:
    return int(struct.unpack("<I", data[at : at + 4])[0])


@pytest.mark.parametrize(
    "data",
    [wav(), wav(listed(b"INFO", chunk(b"INAM", b"name\0")), chunk(b"C2PA", b"odd")), wav(samples=b"odd")],
)
def test_wav_gets_one_chunk_and_keeps_all_others(data: bytes) -> None:
    labelled = write(Wav(), data)
    assert [(each.place, each.text) for each in read(Wav(), labelled)] == [("RIFF chunk AIGC", TEXT.encode())]
    assert labelled == data[:4] + struct.pack("<I", len(labelled) - 8) + data[8:] + chunk(b"AIGC", TEXT.encode())
    assert write(Wav(), labelled) == labelled
    assert texts(Wav(), write(Wav(), labelled, OTHER)) == [OTHER]


def test_objects_elsewhere_are_replaced() -> None:
    data = wav(listed(b"INFO", chunk(b"AIGC", b"{}\0"), chunk(b"INAM", b"n")), chunk(b"AIGC", b"{}"))
    assert [each.place for each in read(Wav(), data)] == ["LIST INFO AIGC", "RIFF chunk AIGC"]
    labelled = write(Wav(), data)
    assert texts(Wav(), labelled) == [TEXT]
    assert listed(b"INFO", chunk(b"INAM", b"n")) in labelled


def test_samples_whose_length_is_not_known_yet() -> None:
    """As programs write that stream to a pipe."""
    for length in (0xFFFFFFFF, 0x7FFFF000):
        data = b"RIFF" + struct.pack("<I", length) + b"WAVE" + chunk(b"fmt ", FORMAT) + b"data"
        data += struct.pack("<I", length) + SAMPLES
        labelled = write(Wav(), data)
        assert labelled.endswith(data[data.index(b"data") :])
        assert size(labelled) == length
        assert texts(Wav(), labelled) == [TEXT]


def test_a_last_chunk_without_its_filling_gets_it() -> None:
    data = wav(samples=b"odd")[:-1]
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    labelled = write(Wav(), data)
    assert texts(Wav(), labelled) == [TEXT]
    assert b"odd\0AIGC" in labelled
    assert size(labelled) == len(labelled) - 8


@pytest.mark.parametrize("kind", [b"RF64", b"BW64"])
def test_sizes_of_64_bits(kind: bytes) -> None:
    wide = chunk(b"ds64", struct.pack("<QQQI4sQ", 0, len(SAMPLES), 512, 1, b"levl", 4))
    body = wide + chunk(b"fmt ", FORMAT) + b"data\xff\xff\xff\xff" + SAMPLES + b"levl\xff\xff\xff\xff1234"
    data = bytearray(kind + b"\xff\xff\xff\xffWAVE" + body)
    data[20:28] = struct.pack("<Q", len(data) - 8)
    labelled = write(Wav(), bytes(data) + b"behind it")
    assert texts(Wav(), labelled) == [TEXT]
    assert struct.unpack("<Q", labelled[20:28])[0] == len(labelled) - 8 - len(b"behind it")
    assert labelled[28 : len(data)] == data[28:]
    assert labelled.endswith(b"behind it")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (whole(b"WAVE", chunk(b"fmt ", FORMAT)), "format.malformed"),
        (whole(b"RMID"), "format.malformed"),
        (b"RIFF\2\0\0\0WAVE", "format.malformed"),
        (b"RF64" + wav()[4:], "format.malformed"),
        (b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", struct.pack("<QQQI", 999, 9, 9, 9)), "format.malformed"),
        (wav() + b"trailing", ""),
        (wav(chunk(b"LIST", b"IN")), "format.malformed"),
    ],
)
def test_wav_that_is_not_written(data: bytes, code: str) -> None:
    if not code:
        assert write(Wav(), data).endswith(b"trailing")
        return
    with pytest.raises(VerificationError) as caught:
        write(Wav(), data)
    assert caught.value.code == code


def avi(*before: bytes, absolute: bool = False, index: bytes = b"") -> bytes:
    frames = chunk(b"00dc", b"first") + chunk(b"01wb", b"second")
    header = listed(b"hdrl", chunk(b"avih", bytes(56)), listed(b"strl", chunk(b"strh", bytes(56)), index))
    start = 12 + len(header) + sum(map(len, before)) + 8 if absolute else 0
    entries = struct.pack("<4sIII", b"00dc", 16, start + 4, 5) + struct.pack("<4sIII", b"01wb", 16, start + 18, 6)
    return whole(b"AVI ", header, *before, listed(b"movi", frames), chunk(b"idx1", entries))


def frames(data: bytes) -> list[bytes]:
    """What the old index leads to."""
    at = data.index(b"idx1") + 8
    base = data.index(b"movi")
    found = []
    for entry in (data[at : at + 16], data[at + 16 : at + 32]):
        position = struct.unpack("<I", entry[8:12])[0]
        start = position if data[position : position + 4] == entry[:4] else base + position
        assert data[start : start + 4] == entry[:4]
        found.append(data[start + 8 : start + 8 + struct.unpack("<I", entry[12:])[0]])
    return found


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("info", [b"", listed(b"INFO", chunk(b"INAM", b"name"), chunk(b"AIGC", b"{}"))])
def test_avi_says_it_in_info_and_its_index_follows(absolute: bool, info: bytes) -> None:
    data = avi(info, absolute=absolute)
    labelled = write(Avi(), data)
    assert [(each.place, each.text) for each in read(Avi(), labelled)] == [("LIST INFO AIGC", TEXT.encode())]
    assert frames(labelled) == [b"first", b"second"]
    assert (b"INAM" in labelled) == bool(info)
    assert size(labelled) == len(labelled) - 8
    assert write(Avi(), labelled) == labelled


def test_avi_of_several_parts() -> None:
    """OpenDML: the second part is found by positions from the beginning of the file."""
    part = whole(b"AVIX", listed(b"movi", chunk(b"00dc", b"third"), inner := _index_of_chunks(0)))
    room = chunk(b"indx", struct.pack("<HBBI4s3I", 4, 0, 0, 1, b"00dc", 0, 0, 0) + struct.pack("<QII", 0, 32, 1))
    data = bytearray(avi(index=room) + part)
    position = data.rindex(inner[:4])
    at = data.index(b"indx") + 32
    data[at : at + 8] = struct.pack("<Q", position)
    data[position + 20 : position + 28] = struct.pack("<Q", data.index(b"AVIX") + 12)
    labelled = write(Avi(), bytes(data) + b"trailing bytes")
    led = struct.unpack("<Q", labelled[at : at + 8])[0]
    assert labelled[led : led + 4] == b"ix00"
    base = struct.unpack("<Q", labelled[led + 20 : led + 28])[0]
    assert labelled[base : base + 12] == struct.pack("<4s4sI", b"movi", b"00dc", 5)
    assert texts(Avi(), labelled) == [TEXT]
    assert texts(Avi(), write(Avi(), labelled, OTHER)) == [OTHER]


def _index_of_chunks(base: int) -> bytes:
    return chunk(b"ix00", struct.pack("<HBBI4sQI", 2, 0, 1, 1, b"00dc", base, 0) + struct.pack("<II", 8, 5))


@pytest.mark.parametrize(
    "data", [b"", whole(b"AVI "), whole(b"WAVE"), wav(), whole(b"AVI ", chunk(b"LIST", b"movi"))[:20]]
)
def test_avi_that_is_not_written(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        write(Avi(), data)


def test_not_too_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(riff, "MAX_OBJECTS", 1)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        write(Wav(), wav(chunk(b"AIGC", b"{}") * 2))
    monkeypatch.setattr(riff, "MAX_INFO", 5)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        write(Wav(), wav(listed(b"INFO", chunk(b"AIGC", b"{}"))))


def test_what_is_left_over_at_the_end_of_a_list_is_no_chunk() -> None:
    data = wav() + b"five!"
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    labelled = write(Wav(), data)
    assert texts(Wav(), labelled) == [TEXT]
    assert labelled.endswith(b"five!")


def test_a_list_of_odd_length_keeps_its_filling_outside() -> None:
    info = b"LIST" + struct.pack("<I", 4 + 8 + 3) + b"INFO" + chunk(b"INAM", b"abc")
    odd = b"LIST" + struct.pack("<I", 4 + 8 + 3 + 1 + 8 + 3) + b"INFO" + chunk(b"INAM", b"abc") + chunk(b"AIGC", b"{1}")
    for data in (avi(info), avi(odd)):
        labelled = write(Avi(), data)
        assert frames(labelled) == [b"first", b"second"]
        assert texts(Avi(), labelled) == [TEXT]
        assert chunk(b"INAM", b"abc") in labelled
        assert write(Avi(), labelled) == labelled
    assert texts(Wav(), write(Wav(), wav(odd))) == [TEXT]
