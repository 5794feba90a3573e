# SPDX-License-Identifier: Apache-2.0
"""ID3v2 in its three versions, with everything that they do to frames."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats import id3_tag
from answerable.formats.id3_tag import as_synchsafe, edits, found, made, synchronised, synchsafe, tag, unsynchronised
from answerable.formats.splice import Source, Splice

SAID = b'{"Label":"1"}'
TITLES = {2: b"TT2\0\0\6\0title", 3: b"TIT2\0\0\0\6\0\0\0title", 4: b"TIT2\0\0\0\6\0\0\0title"}


def made_tag(version: int, *frames: bytes, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes((version, 0, flags)) + as_synchsafe(len(body)) + body


def user(content: bytes, version: int = 3, flags: int = 0) -> bytes:
    if version == 2:
        return b"TXX" + len(content).to_bytes(3, "big") + content
    size = as_synchsafe(len(content)) if version == 4 else len(content).to_bytes(4, "big")
    return b"TXXX" + size + bytes((0, flags)) + content


def seen(data: bytes) -> list[bytes]:
    here = tag(Source(io.BytesIO(data), "mp3"), 0)
    assert here is not None
    return [each.text for _, each in found(here)]


def relabelled(data: bytes, said: bytes | None = SAID) -> bytes:
    source, target = Source(io.BytesIO(data), "mp3"), io.BytesIO()
    here = tag(source, 0)
    assert here is not None
    Splice(edits(source, here, said)).write(source, target)
    return target.getvalue()


@given(st.binary(max_size=200))
def test_unsynchronisation_is_undone(data: bytes) -> None:
    out = unsynchronised(data)
    assert synchronised(out) == data
    assert not any(one == 0xFF and two >= 0xE0 for one, two in pairwise(out))


def test_numbers_of_seven_bits() -> None:
    assert as_synchsafe(257) == b"\0\0\2\1"
    assert synchsafe(b"\0\0\2\1") == 257


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\0AIGC\0" + SAID, SAID),
        (b"\3AIGC\0" + SAID + b"\0", SAID),
        (b"\1" + "AIGC".encode("utf-16") + b"\0\0" + SAID.decode().encode("utf-16"), SAID),
        (b"\1" + b"\xfe\xff" + "AIGC\0".encode("utf-16-be") + b"\xfe\xff" + SAID.decode().encode("utf-16-be"), SAID),
        (b"\2" + "AIGC\0".encode("utf-16-be") + SAID.decode().encode("utf-16-be"), SAID),
        (b"\0other\0" + SAID, None),
        (b"\7AIGC\0" + SAID, None),
        (b"\0AIGC", b""),
        (b"", None),
    ],
)
def test_each_text_encoding_is_read(version: int, content: bytes, text: bytes | None) -> None:
    data = made_tag(version, TITLES[version], user(content, version))
    assert seen(data) == ([] if text is None else [text])


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_tag_keeps_its_version_and_its_frames(version: int) -> None:
    data = made_tag(version, user(b"\0AIGC\0old", version), TITLES[version])
    new = relabelled(data)
    assert new[3] == version
    assert seen(new) == [SAID]
    assert TITLES[version] in new
    assert seen(relabelled(new, None)) == []
    assert relabelled(made_tag(version, TITLES[version]), None) == made_tag(version, TITLES[version])


@pytest.mark.parametrize("version", [2, 3])
def test_a_tag_that_is_unsynchronised_as_a_whole(version: int) -> None:
    """The size of our frame has a byte 0xFF, which must be hidden too."""
    said = SAID + b" " * (0xFF00 + 0xFF - 6 - len(SAID))
    picture = {2: b"PIC\0\0\4\0\xff\xe0\xff", 3: b"APIC\0\0\0\4\0\0\0\xff\xe0\xff"}[version]
    inner = TITLES[version] + picture
    stored = unsynchronised(inner)
    data = b"ID3" + bytes((version, 0, 0x80)) + as_synchsafe(len(stored)) + stored
    new = relabelled(data, said)
    assert seen(new) == [said]
    assert picture in synchronised(new[10:])
    assert b"\xff\xe0" not in new


def test_frames_of_24_that_are_unsynchronised() -> None:
    content = unsynchronised(b"\3AIGC\0\xff\xe0" + SAID)
    data = made_tag(4, user(as_synchsafe(len(content)) + content, 4, flags=0x03))
    assert seen(data) == [b"\xef\xbf\xbd\xef\xbf\xbd" + SAID]
    assert seen(relabelled(data)) == [SAID]


def test_frames_that_are_compressed_or_grouped() -> None:
    assert seen(made_tag(3, user(b"\0AIGC\0" + SAID, 3, flags=0x80))) == []
    assert seen(made_tag(3, user(b"G\0AIGC\0" + SAID, 3, flags=0x20))) == [SAID]
    assert seen(made_tag(4, user(b"G\0AIGC\0" + SAID, 4, flags=0x40))) == [SAID]


def test_sizes_of_24_that_are_plain() -> None:
    long = b"\0" + b"x" * 299
    frame = b"TIT2" + len(long).to_bytes(4, "big") + bytes(2) + long
    data = made_tag(4, frame, user(b"\0AIGC\0" + SAID, 4))
    assert seen(data) == [SAID]
    assert frame in relabelled(data)


def test_an_extended_header_goes_and_a_footer_follows() -> None:
    for version, extended in ((3, bytes((0, 0, 0, 6, 0x80, 0)) + bytes(4)), (4, b"\0\0\0\6\1\0")):
        new = relabelled(made_tag(version, extended, TITLES[version], flags=0x40))
        assert new[5] == 0
        assert new[10:].startswith(TITLES[version])
        assert seen(new) == [SAID]
    data = made_tag(4, TITLES[4], flags=0x10)
    new = relabelled(data + b"3DI" + data[3:10])
    assert new[-10:] == b"3DI" + new[3:10]
    assert synchsafe(new[6:10]) == len(new) - 20


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (made_tag(5, b""), "format.unsupported"),
        (made_tag(2, b"", flags=0x40), "format.unsupported"),
        (made_tag(3, bytes(4))[:-1], "format.malformed"),
        (made_tag(3, b"", flags=0x40), "format.malformed"),
        (made_tag(3, b"\0\0\0\x7f", flags=0x40), "format.malformed"),
        (made_tag(3, b"TIT2\0\0\0\x7f\0\0"), "format.malformed"),
        (made_tag(3, b"TIT2\xff\0\0\x7f\0\0"), "format.malformed"),
    ],
)
def test_what_is_not_read(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        seen(data)
    assert caught.value.code == code


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id3_tag, "MAX_FRAMES", 2)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        seen(made_tag(3, TITLES[3] * 3))
    monkeypatch.setattr(id3_tag, "MAX_UNSYNCHRONISED", 5)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        seen(made_tag(3, TITLES[3], flags=0x80))
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        relabelled(made_tag(3, TITLES[3]), b"x" * (1 << 28))


def test_what_is_no_tag() -> None:
    for data in (b"", b"ID3", b"TAG" + bytes(20), b"ID3\3\0\0\xff\0\0\0", b"ID3\xff\0\0\0\0\0\0"):
        assert tag(Source(io.BytesIO(data), "mp3"), 0) is None
    assert seen(made(SAID)) == [SAID]
