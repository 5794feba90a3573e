# SPDX-License-Identifier: Apache-2.0
"""How sound and video begin: whether a file's first bytes are of a format. Pure; imports none of the carriers."""

from __future__ import annotations

import re
from typing import Final

# The ID3v2 tags before the sound hide what sound it is: `detect` skips them and asks again.
TAGGED: Final = b"ID3"

# Brands of pictures, which share the boxes of video and nothing else.
_PICTURES: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"miaf", b"avif", b"avis"}
    | {b"crx ", b"jp2 ", b"jpx ", b"jpm ", b"jxl "}
)
_SOUND: Final = frozenset({b"M4A ", b"M4B ", b"M4P "})
# QuickTime files from before brands began with one of these.
_BARE: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_WAVES: Final = frozenset({b"RIFF", b"RF64", b"BW64"})
_DOCTYPE: Final = re.compile(rb"\x1a\x45\xdf\xa3.{1,80}?\x42\x82.{1,8}?(webm|matroska)", re.DOTALL)


def wav(head: bytes) -> bool:
    return head[:4] in _WAVES and head[8:12] == b"WAVE"


def avi(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"AVI "


def _brand(head: bytes) -> bytes:
    return head[8:12] if head[4:8] in {b"ftyp", b"styp"} else b""


def mov(head: bytes) -> bool:
    return _brand(head) == b"qt  " or (head[4:8] in _BARE and (head[:2] == b"\0\0" or head[4:8] in {b"moov", b"mdat"}))


def m4a(head: bytes) -> bool:
    return _brand(head) in _SOUND


def mp4(head: bytes) -> bool:
    brand = _brand(head)
    return len(brand) == 4 and brand not in _PICTURES | _SOUND | {b"qt  "}


def mkv(head: bytes) -> bool:
    match = _DOCTYPE.match(head)
    return match is not None and match[1] == b"matroska"


def webm(head: bytes) -> bool:
    match = _DOCTYPE.match(head)
    return match is not None and match[1] == b"webm"


def flac(head: bytes) -> bool:
    return head[:4] == b"fLaC"


def opus(head: bytes) -> bool:
    return _first_packet(head)[:8] == b"OpusHead"


def ogg(head: bytes) -> bool:
    return head[:5] == b"OggS\0" and not opus(head)


def _first_packet(head: bytes) -> bytes:
    return head[27 + head[26] :] if head[:5] == b"OggS\0" and len(head) > 27 else b""


def mp3(head: bytes) -> bool:
    """A frame of MPEG sound at once, and behind it another where it can be seen."""
    size = _frame(head, 0)
    # The mark of UTF-16 looks like a frame of layer I: there a second one has to be seen.
    alone = len(head) < size + 4 and head[:2] != b"\xff\xfe"
    return size > 0 and (alone or _frame(head, size) > 0)


def tagged_mp3(head: bytes) -> bool:
    """What follows an ID3v2 tag. Zeros may stand before the sound."""
    return any(mp3(head[match.start() :]) for match in re.finditer(rb"\xff[\xe2-\xff]", head))


# kbit/s by version (1, then 2 and 2.5) and layer (1, 2, 3).
_RATES: Final = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def _frame(head: bytes, at: int) -> int:
    """The length in bytes of the frame of MPEG sound at `at` (ISO/IEC 11172-3 section 2.4.1.3), 0 for none."""
    data = head[at : at + 4]
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return 0
    version, layer, rate, frequency = data[1] >> 3 & 3, 4 - (data[1] >> 1 & 3), data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or layer == 4 or rate in {0, 15} or frequency == 3:
        return 0
    hertz = (44_100, 48_000, 32_000)[frequency] >> {3: 0, 2: 1, 0: 2}[version]
    bits = _RATES[1 if version == 3 else 2, layer][rate] * 1000
    if layer == 1:
        return (12 * bits // hertz + (data[2] >> 1 & 1)) * 4
    samples = 72 if layer == 3 and version != 3 else 144
    return samples * bits // hertz + (data[2] >> 1 & 1)
