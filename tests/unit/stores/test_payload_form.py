# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.stores import payload_form as form

KEY = bytes(range(32))
NAMES: list[form.Name] = [
    ("a" * 32, "in", b"1" * 32, 70, True, [b"T" * 16]),
    ("b" * 32, "out", b"2" * 32, 50, True, []),
]


def test_names_open_with_their_key_for_their_batch_alone() -> None:
    sealed = form.seal_names(KEY, 7, NAMES)
    assert [tuple(name) for name in form.open_names(KEY, 7, sealed)] == NAMES
    for key, first, data in ((b"k" * 32, 7, sealed), (KEY, 8, sealed), (KEY, 7, sealed[:-1])):
        with pytest.raises(Unavailable) as caught:
            form.open_names(key, first, data)
        assert caught.value.code == "store.damaged"


def test_blanking_changes_no_length() -> None:
    left, lost = form.blanked(NAMES, lambda rid: rid == "a" * 32)
    assert lost == 1
    assert left == [("a" * 32, "in", bytes(32), 70, False, [bytes(16)]), NAMES[1]]
    assert len(form.seal_names(KEY, 7, left)) == len(form.seal_names(KEY, 7, NAMES))
    assert form.blanked(left, lambda rid: rid == "a" * 32) == (left, 0)
    assert list(form.runs(left, erased=True)) == [(0, 70)]
    assert list(form.runs(left, erased=False)) == [(70, 50)]


def test_places_that_are_cut_are_damage() -> None:
    place = form.PLACE.pack(20_000, 3, 1 << 33)
    assert list(form.placed(place * 2, 0)) == [(20_000, 3, 1 << 33)] * 2
    with pytest.raises(Unavailable):
        list(form.placed(place[:-1], 0))


def test_files_are_listed_by_day_and_strangers_left_out(tmp_path: Path) -> None:
    for name in ("10-2", "9-1", "10-1", "redo", "new", "x-1", "1-x"):
        (tmp_path / name).touch()
    assert [(day, number) for day, number, _ in form.listed(tmp_path)] == [(9, 1), (10, 1), (10, 2)]
    assert form.path_of(tmp_path, 9, 1).name == "9-1"


def test_a_file_is_zeros_before_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "1-1"
    path.write_bytes(b"secret" * 300_000)
    seen = []
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda self, **named: (seen.append(self.read_bytes()), unlink(self, **named)))
    form.shred(path)
    assert seen == [bytes(1_800_000)]
    assert not path.exists()


def test_walking_ends_at_what_is_no_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "1-1"
    record = form.HEAD.pack(form.MAGIC, 4, 3, 2) + b"nnnbb"
    path.write_bytes(record + record + record[:-1])
    file = os.open(path, os.O_RDONLY)
    assert list(form.walk(file)) == [(0, 4, 3, 2), (len(record), 4, 3, 2)]
    os.close(file)
