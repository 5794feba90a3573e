# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from answerable.labels import explicit
from answerable.labels.explicit.plan import LANGUAGES, Plan, Where
from answerable.labels.seen import perceived, words
from tests import label_files

GOLDEN = Path(__file__).parents[2] / "golden"
MEDIA = {
    "plain/line.txt": "text/plain",
    "markdown/bare.md": "text/markdown",
    "html/bare.html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf/bare.pdf": "application/pdf",
}


@pytest.mark.parametrize("name", MEDIA)
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_found_where_they_were_put(name: str, language: str) -> None:
    source = BytesIO(label_files.docx() if name == "docx" else (GOLDEN / name).read_bytes())
    target = BytesIO()
    assert words(source, MEDIA[name]) == ""
    explicit.render(source, target, MEDIA[name], Plan(language))
    assert words(target, MEDIA[name]) == Plan(language).text


def test_words_at_the_end() -> None:
    target = BytesIO()
    explicit.render(BytesIO(b"A text."), target, "text/plain", Plan("en", where=Where.END))
    assert words(target, "text/plain") == "AI-generated"


def test_where_nobody_looks() -> None:
    assert words(BytesIO(b"x"), "image/png") is None
    assert words(BytesIO(b"no PDF"), "application/pdf") is None
    assert words(BytesIO(b"no archive"), MEDIA["docx"]) is None


def test_texts_are_not_looked_at_by_measuring() -> None:
    assert perceived(BytesIO(b"AI-generated"), "plain", "text/plain") is None
