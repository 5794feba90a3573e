# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels import explicit
from answerable.labels.explicit.plan import Plan
from answerable.labels.rules.hidden import Why
from answerable.labels.rules.sheet_words import words

WORDS = "AI生成"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read(data: bytes) -> Any:
    said, hidden = words(Archive(Source(BytesIO(data), "xlsx")))
    return said.splitlines(), [(each.text, each.why) for each in hidden]


def book(header: str = "", *, state: str = "visible", cell: str = "") -> bytes:
    made, out = Workbook(), BytesIO()
    made.active.oddHeader.left.text = header or None
    made.active.sheet_state = state
    made.active["A1"] = cell or 7
    if state != "visible":
        made.create_sheet("shown")
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (WORDS, None),
        ("&12" + WORDS, None),
        ("&KFF0000" + WORDS, None),
        ("&1 " + WORDS, Why.TINY),
        ("&KFFFFFF" + WORDS, Why.COLOUR),
        ("&K01+000" + WORDS, Why.UNKNOWN),
        ("AI&KFFFFFF生成", Why.COLOUR),
    ],
)
def test_headers(header: str, why: Why | None) -> None:
    said, hidden = read(book(header))
    assert [each.strip() for each in said] == ([] if why else [WORDS])
    assert [each for _, each in hidden] == ([why] if why else [])


def test_parts_of_a_header_and_ampersands() -> None:
    made, out = Workbook(), BytesIO()
    made.active.oddHeader.left.text, made.active.oddHeader.right.text = WORDS, "&1x"
    made.active.oddFooter.center.text = "A && B"
    made.save(out)
    assert read(out.getvalue()) == ([WORDS, "A & B"], [("x", Why.TINY)])


def test_sheets_that_are_not_shown_and_cells() -> None:
    for state in ("hidden", "veryHidden"):
        assert read(book(WORDS, state=state)) == ([], [(WORDS, Why.HIDDEN)])
    assert read(book(cell=WORDS)) == ([], [(WORDS, Why.UNKNOWN)])


def test_what_the_writer_puts_in_is_counted() -> None:
    for source in (book(), book("Another header")):
        out = BytesIO()
        explicit.render(BytesIO(source), out, KIND, Plan("both"))
        assert read(out.getvalue())[0][0].startswith(Plan("both").text)
