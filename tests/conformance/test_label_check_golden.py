# SPDX-License-Identifier: Apache-2.0
"""Every golden file under every book of rules: what is said of it never changes. `python -m
tests.conformance.test_label_check_golden` writes the table anew."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from answerable.labels.rules.book import BOOKS
from answerable.labels.rules.checking import check_label

GOLDEN = Path(__file__).parents[1] / "golden"
TABLE = GOLDEN / "label-check.json"
FILES = sorted(
    f"{path.parent.name}/{path.name}"
    for path in GOLDEN.glob("*/*")
    if path.suffix != ".json" and path.parent.name != "stores"
)


def told(name: str) -> dict[str, str]:
    """For each book: the file's verdict, then a letter a clause."""
    out = {}
    for rules in BOOKS:
        found = check_label(GOLDEN / name, rules)
        letters = "".join(re.sub(r"(.).*", r"\1", str(each.verdict)) if each.verdict != "not_found" else "0"
                          for each in found.findings)  # fmt: skip
        out[rules] = f"{found.verdict} {letters or found.code}".strip()
    return out


@pytest.mark.parametrize("name", FILES)
def test_what_is_said_of_a_golden_file_never_changes(name: str) -> None:
    assert told(name) == json.loads(TABLE.read_text())[name]


def test_every_file_is_in_the_table_and_ours_have_an_object() -> None:
    table = json.loads(TABLE.read_text())
    assert sorted(table) == FILES
    for name in FILES:
        if "/ours" in name:
            # The object is there, once; its example producer is nobody, and words stand in none of them.
            assert table[name]["cn"].split()[1][1:3] == "cc", name
            assert table[name]["cn"].startswith("noncompliant "), name
        if name.rpartition("/")[2].startswith("bare"):
            assert {each.split()[0] for each in table[name].values()} <= {"not_found", "compliant"}, name


if __name__ == "__main__":
    TABLE.write_text(json.dumps({name: told(name) for name in FILES}, indent=1, ensure_ascii=False) + "\n")
