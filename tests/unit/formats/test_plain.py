# SPDX-License-Identifier: Apache-2.0
"""Plain text: an object in a line is read, and none is written."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import plain as module
from answerable.formats import plain as windows
from answerable.formats.carrier import MAX_FOUND
from answerable.formats.plain import Plain
from tests.label_files import OLD, TEXT, VENDOR, write


def found(data: bytes) -> list[tuple[str, str]]:
    return [(each.place, each.text.decode()) for each in Plain().read(io.BytesIO(data))]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"", []),
        (b"words", []),
        (f"words AIGC{OLD} words".encode(), [f"AIGC{OLD}"]),
        (f"\U0001f600\n{OLD}".encode("utf-16"), [OLD]),
        (f"\U0001f600\n{OLD}".encode("utf-16-be").join([b"\xfe\xff", b""]), [OLD]),
        (f'{{"AIGC":"\u4e2d",\n{OLD}'.encode(), [OLD]),
        (OLD.replace(",", ",\n").encode(), []),
        (b"\xff\xfe\n", []),
    ],
)
def test_an_object_on_one_line_is_read(data: bytes, texts: list[str]) -> None:
    assert [text for _, text in found(data)] == texts


def test_another_schema_is_named() -> None:
    assert found(VENDOR.encode()) == [("text (other schema)", VENDOR)]


def test_long_texts_are_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    for window in (64, 65, 90, 1_000):
        monkeypatch.setattr(module, "_WINDOW", window)
        for encoding in ("utf-8", "utf-16"):
            data = "".join("\U0001f600" * n + OLD for n in range(12)).encode(encoding)
            assert [text for _, text in found(data)] == [OLD] * 12
    assert len(found(OLD.encode() * 100)) == MAX_FOUND


def test_a_file_beyond_the_bound_is_oversized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE", 10)
    with pytest.raises(VerificationError) as caught:
        found(b"x" * 11)
    assert caught.value.code == "format.oversized"


def test_nothing_is_written() -> None:
    with pytest.raises(VerificationError, match="no field") as caught:
        write(b"words", TEXT)
    assert caught.value.code == "format.unsupported"


def test_an_object_that_two_windows_cut_is_found_behind_windows_of_words_alone() -> None:
    told = '{"Label":"1","ContentProducer":"x","ProduceID":"y"}'
    whole = windows._WINDOW + windows.MAX_TEXT
    for before in (0, 7, whole - 200, whole - 12, whole - 1, whole, 2 * whole - 300, 3 * whole + 5):
        data = b"w" * before + told.encode() + b" words" * 300_000
        assert [each.text.decode() for each in Plain().read(io.BytesIO(data))] == [told], before
