# SPDX-License-Identifier: Apache-2.0
"""Golden pictures and documents: what is read of them never changes, and a label can be put into each as it stands."""

from __future__ import annotations

import json

import pytest

from answerable.errors import VerificationError
from tests.label_files import GOLDEN, MADE, TEXT, read, write


@pytest.mark.parametrize("name", MADE)
def test_reading_a_golden_file_never_changes(name: str) -> None:
    path = GOLDEN / name
    told = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    assert [{"place": place, "text": text} for place, text in read(path.read_bytes())] == told


@pytest.mark.parametrize("name", [name for name in MADE if not name.startswith("plain/")])
def test_a_golden_file_takes_a_label_or_says_why_not(name: str) -> None:
    if name == "jpeg/xmp-no-xml.jpg":
        with pytest.raises(VerificationError, match="not well formed"):
            write((GOLDEN / name).read_bytes())
        return
    found = read(write((GOLDEN / name).read_bytes()))
    assert [text for place, text in found if not place.endswith("(other schema)")] == [TEXT]


def test_golden_files_are_small_and_all_are_told() -> None:
    files = {f"{path.parent.name}/{path.name}" for format in {name.partition("/")[0] for name in MADE}
             for path in (GOLDEN / format).iterdir() if path.suffix != ".json"}  # fmt: skip
    assert files == set(MADE)
    assert all((GOLDEN / name).stat().st_size < 70_000 for name in MADE)
