# SPDX-License-Identifier: Apache-2.0
"""Archives: members that are not replaced stay packed as they were, and what does not fit is refused."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from answerable.errors import VerificationError
from answerable.formats import zips
from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from tests.label_files import archive

PARTS = {"a.xml": b"<a/>" * 9, "b.bin": bytes(2_000), "c.xml": b"<c/>"}


def opened(data: bytes) -> Archive:
    return Archive(Source(io.BytesIO(data), "zip"))


def written(data: bytes, parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    opened(data).write(target, parts)
    return target.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_contents_are_read(method: int) -> None:
    found = opened(archive(PARTS, method))
    assert {member.name: found.content(member) for member in found.members} == PARTS
    assert found.find("A.XML") == found.members[0]
    assert found.find("d") is None


def test_replaced_and_added_members_and_raw_others() -> None:
    data = archive(PARTS)
    made = written(data, {"A.xml": b"new", "n\u00e9w.xml": b"added" * 100})
    with zipfile.ZipFile(io.BytesIO(made)) as checked:
        assert checked.testzip() is None
        assert {name: checked.read(name) for name in checked.namelist()} == {
            "a.xml": b"new",
            "b.bin": PARTS["b.bin"],
            "c.xml": PARTS["c.xml"],
            "n\u00e9w.xml": b"added" * 100,
        }
        assert checked.namelist()[0] == "a.xml"
        assert checked.infolist()[0].date_time == (2026, 1, 2, 3, 4, 6)
    old, new = opened(data), opened(made)
    for before, after in zip(old.members[1:], new.members[1:3], strict=True):
        assert data[before.at : before.end] == made[after.at : after.end]


def test_a_streamed_archive_with_descriptors_is_kept() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in PARTS.items():
            made.writestr(name, content)
    with zipfile.ZipFile(io.BytesIO(written(pipe.getvalue(), {"b.bin": b"short"}))) as checked:
        assert checked.testzip() is None
        assert checked.read("b.bin") == b"short"
        assert checked.read("c.xml") == PARTS["c.xml"]


def test_a_bomb_is_oversized_whatever_it_claims() -> None:
    data = archive({"bomb.xml": bytes(20_000_000)})
    assert len(data) < 30_000
    lying = data.replace(struct.pack("<I", 20_000_000), struct.pack("<I", 100))
    for bomb, code in ((data, "format.oversized"), (lying, "format.malformed")):
        found = opened(bomb)
        with pytest.raises(VerificationError) as caught:
            found.content(found.members[0])
        assert caught.value.code == code


def test_a_changed_content_is_malformed() -> None:
    data = archive(PARTS, zipfile.ZIP_STORED).replace(b"<c/>", b"<d/>")
    found = opened(data)
    with pytest.raises(VerificationError, match="not what it was"):
        found.content(found.members[2])


def test_an_encrypted_member_is_unsupported() -> None:
    data = bytearray(archive(PARTS))
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    found = opened(bytes(data))
    with pytest.raises(VerificationError) as caught:
        found.content(found.members[0])
    assert caught.value.code == "format.unsupported"


def _zip64() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        info = zipfile.ZipInfo("a")
        made.writestr(info, b"x")
    data = bytearray(out.getvalue())
    at = data.index(b"PK\1\2")
    data[at + 20 : at + 28] = b"\xff" * 8
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\3\4", "malformed"),
        (archive(PARTS)[:-30], "malformed"),
        (b"junk" + archive(PARTS), "malformed"),
        (archive({"a": b"", "A": b""}), "malformed"),
        (archive(PARTS).replace(b"b.bin", b"x.bin", 1), "malformed"),
        (_zip64(), "unsupported"),
        (archive(PARTS)[:-14] + b"\1\0" + archive(PARTS)[-12:], "unsupported"),
    ],
)
def test_what_does_not_fit_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        opened(data)
    assert caught.value.code == f"format.{code}"


def test_members_may_not_stand_in_one_another() -> None:
    data = bytearray(archive({"a": b"1234", "a2": b"5678"}, zipfile.ZIP_STORED))
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 1)
    data[second + 42 : second + 46] = bytes(4)
    with pytest.raises(VerificationError, match="one place"):
        opened(bytes(data))


def test_a_directory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MAX_DIRECTORY", 20)
    with pytest.raises(VerificationError) as caught:
        opened(archive(PARTS))
    assert caught.value.code == "format.oversized"
