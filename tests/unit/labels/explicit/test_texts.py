# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.labels.explicit import office, pdf, texts
from answerable.labels.explicit.plan import Plan, Where
from answerable.labels.explicit.texts import render

LANGUAGES = ("zh", "en", "both")


def rendered(text: bytes, media: str, **plan: Any) -> tuple[texts.Report, bytes]:
    out = BytesIO()
    return render(BytesIO(text), out, media, Plan(**plan)), out.getvalue()


@pytest.mark.parametrize("media", ["text/plain", "text/markdown"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("where", list(Where))
def test_words_stand_where_they_are_asked_for(media: str, language: str, where: Where) -> None:
    text = "# 标题\n\n" + "A paragraph.\n\n" * 20
    report, made = rendered(text.encode(), media, language=language, where=where)
    words = Plan(language=language).text
    assert made.decode().replace(words + "\n\n", "", 1).removesuffix(words + "\n") == text
    paragraphs = made.decode().strip().split("\n\n")
    assert paragraphs.index(words) == {Where.START: 0, Where.END: 21}.get(where, paragraphs.index(words))
    if where is Where.MIDDLE:
        assert 8 <= paragraphs.index(words) <= 13
    assert (report.words, report.kept) == (words, False)
    ends = made.decode()[:64] + made.decode()[-64:]
    assert (words in ends) == (where is not Where.MIDDLE), "within what a checker looks at"


@pytest.mark.parametrize("where", [Where.START, Where.END])
def test_words_that_stand_there_are_kept_once(where: Where) -> None:
    for media, text in (("text/plain", b"one\n\ntwo\n"), ("text/html", b"<body><p>one</p></body>")):
        _, made = rendered(text, media, where=where)
        report, again = rendered(made, media, where=where)
        assert report.kept
        assert again == made
    for text in ("AI生成的图片很多。\n", "AI生成\nof its own line alone"):
        assert not rendered(text.encode(), "text/plain")[0].kept, "words in a sentence are no label"


def test_what_has_no_words_put_into_it() -> None:
    with pytest.raises(Refused, match="no words"):
        rendered(b"{}", "application/json")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b' {"a": [1, 2]}\n', "JSON"),
        (b"\xef\xbb\xbf[1]", "JSON"),
        (b'{"a": 1}\n{"a": 2}\n', "JSON"),
        (b"#!/bin/sh\necho 1\n", "script"),
        (b"junk\n%PDF-1.4\n1 0 obj\n%%EOF\n", "PDF"),
    ],
)
def test_what_programs_read_is_not_broken_by_words(data: bytes, kind: str) -> None:
    with pytest.raises(Refused, match=kind):
        render(BytesIO(data), BytesIO(), "text/plain", Plan())


@pytest.mark.parametrize(
    "data", [b"[1] is a note.\n", b"{sic} he said\n", b"[" * 100_000, b"A PDF begins with %PDF-1.4\n"]
)
def test_what_only_looks_like_it_is_text(data: bytes) -> None:
    out = BytesIO()
    render(BytesIO(data), out, "text/plain", Plan())
    assert out.getvalue().endswith(data)


def test_a_bound_on_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MAX_TEXT", 10)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        rendered(b"a" * 11, "text/plain")


def test_words_that_were_not_written_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "rewrite", lambda file, target, edits: target.write(b"something else"))
    with pytest.raises(VerificationError, match="not found again"):
        rendered(b"text", "text/plain")
    for kind in office.KINDS:
        monkeypatch.setattr(office, "insert", lambda source, target, kind, plan: "nowhere")
        monkeypatch.setattr(office, "found", lambda source, kind, words: False)
        with pytest.raises(VerificationError, match="not found again"):
            rendered(b"", kind)
    monkeypatch.setattr(pdf, "insert", lambda source, target, plan: "nowhere")
    monkeypatch.setattr(pdf, "found", lambda source, words, where: False)
    with pytest.raises(VerificationError, match="not found again"):
        rendered(b"", texts.PDF)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from(sorted(texts.PLAIN)), st.sampled_from(list(Where)))
def test_any_text_is_refused_or_keeps_every_byte(data: bytes, media: str, where: Where) -> None:
    try:
        report, made = rendered(data, media, where=where)
    except AnswerableError:
        return
    assert report.kept or len(made) > len(data)
    at = 0
    while at < len(data) and made[at] == data[at]:
        at += 1
    assert made[len(made) - (len(data) - at) :] == data[at:]
