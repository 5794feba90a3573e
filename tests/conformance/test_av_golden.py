# SPDX-License-Identifier: Apache-2.0
"""What a golden file of sound or video is read as never changes."""

from __future__ import annotations

import io
import json

import pytest

from answerable.formats.detect import detect
from tests.av_bytes import OTHER
from tests.av_files import GOLDEN, MADE, WILD, read, write


@pytest.mark.parametrize("name", MADE)
def test_a_golden_file_reads_as_it_always_did(name: str) -> None:
    path = GOLDEN / name
    data = path.read_bytes()
    stored = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    assert [{"place": place, "text": text} for place, text in read(data)] == stored
    assert (name in WILD) or (len(stored) == ("ours-" in name))
    assert detect(io.BytesIO(data)).name == name.partition("/")[0]
    assert [text for _, text in read(write(data, OTHER))] == [OTHER]


@pytest.mark.parametrize("name", WILD)
def test_what_is_made_byte_by_byte_is_made_the_same(name: str) -> None:
    assert MADE[name]() == (GOLDEN / name).read_bytes()
