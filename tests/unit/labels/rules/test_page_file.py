# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from io import BytesIO

import pytest

from answerable.errors import Unavailable, VerificationError
from answerable.labels.explicit import pdf
from answerable.labels.explicit.plan import Corner, Plan
from answerable.labels.rules import page_file
from answerable.labels.rules.page_file import around, boxes, library, opened
from tests.unit.labels.explicit.test_pdf import file


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_places_are_those_of_the_page_as_it_is_shown(turn: int) -> None:
    out = BytesIO()
    pdf.insert(file(3, turn=turn), out, Plan("zh", corner=Corner.TOP_LEFT))
    with page_file.LOCK, opened(library(), out.getvalue()) as pages:
        assert [*pages] == [0, 1, 2]
        assert (pages[0].width, pages[0].height) == ((300, 200) if turn % 180 == 0 else (200, 300))
        left, top, right, bottom = around(boxes(library().raw, pages[0]))
        assert 12 <= left < right < 100
        assert 12 <= top < bottom < 40
        assert boxes(library().raw, pages[1]) == []


def test_three_pages_at_most() -> None:
    with opened(library(), file(9).getvalue()) as pages:
        assert [*pages] == [0, 4, 8]
    with opened(library(), file(1).getvalue()) as pages:
        assert [*pages] == [0]


def test_what_is_no_file_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"), opened(library(), b"%PDF-1.7\n"):
        pass
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(Unavailable, match=r"label\.extra"):
        library()
