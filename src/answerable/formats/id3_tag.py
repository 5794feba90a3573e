# SPDX-License-Identifier: Apache-2.0
"""ID3v2 tags (id3.org: 2.2.0, 2.3.0, 2.4.0): their user text frame AIGC, read and replaced, all other frames as they
stand. A tag keeps its version: each of the three has that frame."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from answerable.formats.carrier import MAX_TEXT, Carried
from answerable.formats.splice import Edit, Source, Splice

NAME: Final = b"AIGC"
HEADER: Final = 10
MAX_FRAMES: Final = 65_536
# Held in memory where it must be decoded as a whole.
MAX_UNSYNCHRONISED: Final = 16 << 20

_UNSYNCHRONISED: Final = 0x80
_EXTENDED: Final = 0x40
_FOOTER: Final = 0x10
# Of frames: 2.3 compression, encryption, grouping; 2.4 grouping, compression, encryption, unsynchronisation, length.
_CODED: Final = {3: 0xC0, 4: 0x0C}
_GROUPED: Final = {3: 0x20, 4: 0x40}
_FRAME_UNSYNCHRONISED: Final = 0x02
_LENGTH: Final = 0x01
_ENDINGS: Final = {0: b"\0", 1: b"\0\0", 2: b"\0\0", 3: b"\0"}


@dataclass(frozen=True, slots=True)
class Frame:
    """[start, stop) is the frame with its header, [body, stop) its content; flags: of its format."""

    kind: bytes
    start: int
    body: int
    stop: int
    flags: int


@dataclass(frozen=True, slots=True)
class Tag:
    """[start, stop) with header and footer. source: where its frames are read, from `frames` on, to `end` at most: the
    file itself, or the decoded content of a tag of 2.2 or 2.3 that is unsynchronised as a whole."""

    version: int
    flags: int
    start: int
    stop: int
    source: Source
    frames: int
    end: int


def synchsafe(data: bytes) -> int:
    """The number in bytes of seven bits each."""
    value = 0
    for each in data:
        value = value << 7 | each & 0x7F
    return value


def as_synchsafe(value: int, width: int = 4) -> bytes:
    return bytes(value >> shift & 0x7F for shift in range(7 * (width - 1), -1, -7))


def synchronised(data: bytes) -> bytes:
    return data.replace(b"\xff\0", b"\xff")


def unsynchronised(data: bytes) -> bytes:
    """No byte 0xFF is followed by one of 0xE0 or more, which a decoder would take for sound, or by 0."""
    out = bytearray()
    for index, each in enumerate(data):
        out.append(each)
        if each == 0xFF and (index + 1 == len(data) or data[index + 1] >= 0xE0 or data[index + 1] == 0):
            out.append(0)
    return bytes(out)


def tag(source: Source, start: int) -> Tag | None:
    """The tag that begins at `start`, None where none does. Raises VerificationError ``format.malformed``,
    ``format.unsupported`` for a version that nobody knows, ``format.oversized``."""
    if start + HEADER > source.size:
        return None
    head = source.at(start, HEADER)
    if head[:3] != b"ID3" or max(head[6:10]) >= 0x80 or head[3] == 0xFF or head[4] == 0xFF:
        return None
    version, flags = head[3], head[5]
    if version not in {2, 3, 4}:
        raise source.unsupported(f"ID3v2.{version}")
    if version == 2 and flags & _EXTENDED:
        raise source.unsupported("a compressed ID3v2.2 tag")
    body, end = start + HEADER, start + HEADER + synchsafe(head[6:10])
    if end > source.size:
        raise source.malformed("its ID3v2 tag is longer than the file")
    stop = end + (HEADER if version == 4 and flags & _FOOTER else 0)
    inner, frames = source, body
    if version < 4 and flags & _UNSYNCHRONISED:
        if end - body > MAX_UNSYNCHRONISED:
            raise source.oversized(f"an unsynchronised ID3v2 tag of more than {MAX_UNSYNCHRONISED} bytes")
        data = synchronised(source.at(body, end - body))
        inner, frames, end = Source(io.BytesIO(data), source.name), 0, len(data)
    if version > 2 and flags & _EXTENDED:
        size = inner.at(frames, 4) if end - frames >= 4 else b""
        # 2.3 does not count the field itself.
        frames += int.from_bytes(size, "big") + 4 if version == 3 else synchsafe(size)
        if frames > end or not size:
            raise source.malformed("the extended header of its ID3v2 tag does not fit")
    return Tag(version, flags, start, stop, inner, frames, end)


def frames(tag: Tag) -> Iterator[Frame]:
    """Up to the filling. Raises VerificationError ``format.malformed``, ``format.oversized``."""
    source, at, count = tag.source, tag.frames, 0
    letters, header = (3, 6) if tag.version == 2 else (4, 10)
    while at + header <= tag.end:
        head = source.at(at, header)
        if not head[0]:
            return
        count += 1
        if count > MAX_FRAMES:
            raise source.oversized(f"an ID3v2 tag of more than {MAX_FRAMES} frames")
        field = head[letters : 2 * letters]
        stop = at + header + (_size_of_24(tag, at, field) if tag.version == 4 else int.from_bytes(field, "big"))
        if stop > tag.end:
            raise source.malformed(f"the ID3v2 frame at {at} does not fit into its tag")
        yield Frame(head[:letters], at, at + header, stop, head[9] if header == 10 else 0)
        at = stop


def _size_of_24(tag: Tag, at: int, field: bytes) -> int:
    """A frame's size in 2.4. Some programs write it plain, as 2.3 has it: then another frame, filling, or the end
    stands where the plain size leads, and not where the right one does."""
    right, plain = synchsafe(field), int.from_bytes(field, "big")
    if right == plain or (max(field) < 0x80 and _follows(tag, at + HEADER + right)):
        return right
    return plain if _follows(tag, at + HEADER + plain) else right


def _follows(tag: Tag, at: int) -> bool:
    if at >= tag.end:
        return at == tag.end
    head = tag.source.at(at, min(4, tag.end - at))
    return not head[0] or (len(head) == 4 and head.isalnum() and head.upper() == head)


def text(tag: Tag, frame: Frame) -> bytes | None:
    """What a user text frame AIGC says, as UTF-8; None for any other frame."""
    if frame.kind not in {b"TXX", b"TXXX"} or frame.flags & _CODED.get(tag.version, 0):
        return None
    # An AIGC object of UTF-16 characters, and what stands before it.
    data = tag.source.at(frame.body, min(frame.stop - frame.body, 2 * MAX_TEXT + 64))
    skipped = 1 if frame.flags & _GROUPED.get(tag.version, 0) else 0
    if tag.version == 4:
        skipped += 4 if frame.flags & _LENGTH else 0
        if frame.flags & _FRAME_UNSYNCHRONISED or tag.flags & _UNSYNCHRONISED:
            data = data[:skipped] + synchronised(data[skipped:])
    data = data[skipped:]
    encoding = data[0] if data else 0
    ending = _ENDINGS.get(encoding)
    if ending is None:
        return None
    description, value = _parted(data[1:], ending)
    if _decoded(description, encoding).strip("\0") != NAME.decode():
        return None
    return _decoded(value, encoding).rstrip("\0").encode()[:MAX_TEXT]


def _parted(data: bytes, ending: bytes) -> tuple[bytes, bytes]:
    at = data.find(ending)
    while len(ending) == 2 and at > 0 and at % 2:
        at = data.find(ending, at + 1)
    return (data, b"") if at < 0 else (data[:at], data[at + len(ending) :])


def _decoded(data: bytes, encoding: int) -> str:
    if encoding == 1:
        name = "utf-16-be" if data[:2] == b"\xfe\xff" else "utf-16-le"
        return data.removeprefix(b"\xff\xfe" if name == "utf-16-le" else b"\xfe\xff").decode(name, "replace")
    return data.decode({0: "latin-1", 2: "utf-16-be"}.get(encoding, "utf-8"), "replace")


def found(tag: Tag) -> Iterator[tuple[Frame, Carried]]:
    """Every object in the tag. Raises as `frames`."""
    for frame in frames(tag):
        said = text(tag, frame)
        if said is not None:
            yield frame, Carried(f"ID3v2.{tag.version} {frame.kind.decode()} AIGC", said)


def made(said: bytes) -> bytes:
    """A new tag with nothing but the object: ID3v2.3, which most programs read."""
    frame = _frame(3, said)
    return b"ID3\x03\0\0" + as_synchsafe(len(frame)) + frame


def _frame(version: int, said: bytes) -> bytes:
    content = b"\0" + NAME + b"\0" + said  # ISO 8859-1
    if version == 2:
        return b"TXX" + len(content).to_bytes(3, "big") + content
    size = as_synchsafe(len(content)) if version == 4 else len(content).to_bytes(4, "big")
    return b"TXXX" + size + bytes(2) + content


def edits(outer: Source, tag: Tag, said: bytes | None) -> list[Edit]:
    """The tag with exactly one object, or with none (None). Where its filling suffices it stays as long as it is. An
    extended header, which tells a checksum and the length of the filling, goes: it would be wrong now. Raises as
    `frames`, and VerificationError ``format.oversized`` beyond 256 MiB."""
    last, gone = tag.frames, []
    for frame in frames(tag):
        last = frame.stop
        if text(tag, frame) is not None:
            gone.append(Edit(frame.start, frame.stop))
    if said is None and not gone:
        return []
    new = b"" if said is None else _frame(tag.version, said)
    begin = tag.start + HEADER if tag.source is outer else 0
    inside = [Edit(begin, tag.frames), *gone] if tag.frames > begin else gone
    room, footer = tag.end - last, tag.version == 4 and tag.flags & _FOOTER
    # A tag with a footer has no filling.
    spare = room - sum(edit.growth for edit in inside) - len(new) if room and not footer else 0
    inside.append(Edit(last, tag.end, new + bytes(max(spare, 0))))
    if tag.source is outer:
        size = tag.end - begin + sum(edit.growth for edit in inside)
    else:
        inside = [Edit(tag.start + HEADER, tag.stop, unsynchronised(_applied(tag, inside)))]
        size = len(inside[0].new)
    if size >= 1 << 28:
        raise outer.oversized("with a label its ID3v2 tag would pass 256 MiB")
    ends = [tag.start + HEADER, *([tag.stop] if footer else [])]
    flags = tag.flags if tag.version == 2 else tag.flags & ~_EXTENDED
    return [*(Edit(end - 5, end, bytes((flags,)) + as_synchsafe(size)) for end in ends), *inside]


def _applied(tag: Tag, inside: list[Edit]) -> bytes:
    out = io.BytesIO()
    Splice(inside).write(tag.source, out)
    return out.getvalue()
