# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from io import BytesIO

import pytest

from answerable.errors import VerificationError
from answerable.labels import explicit
from answerable.labels.explicit.plan import Plan
from answerable.labels.rules import text_of as module
from answerable.labels.rules.hidden import Why
from answerable.labels.rules.text_of import PICTURES, text_of
from tests import label_files
from tests.unit.labels.rules.files import golden


def said(data: bytes, format: str) -> str:
    return text_of(BytesIO(data), format).said


def test_text_in_each_encoding() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        assert said("AI生成\n\n正文".encode(encoding), "plain") == "AI生成\n\n正文", encoding


def test_front_matter_and_heads_are_not_read() -> None:
    assert said(b"---\ntitle: x\n---\n# Head\n", "markdown") == "# Head\n"
    page = b"<html><head><title>no</title><style>no</style></head><body><p>One</p><script>no</script><p>Two</p></html>"
    assert said(page, "html").split("\n") == ["One", "Two"]


def test_documents() -> None:
    word = label_files.docx()
    out = BytesIO()
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    explicit.render(BytesIO(word), out, kind, Plan("zh"))
    assert said(out.getvalue(), "docx").splitlines()[0] == "AI生成"
    assert text_of(out, "docx").partial is None
    for name, format in (("pptx/bare.pptx", "pptx"), ("xlsx/bare.xlsx", "xlsx"), ("pdf/bare.pdf", "pdf")):
        assert text_of(BytesIO(golden(name)), format).partial == PICTURES


def test_words_on_a_page() -> None:
    out = BytesIO()
    explicit.render(BytesIO(golden("pdf/bare.pdf")), out, "application/pdf", Plan("both"))
    assert "AI生成 AI-generated" in said(out.getvalue(), "pdf")


def test_foreign_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    for format in ("pdf", "docx", "pptx"):
        with pytest.raises(VerificationError, match="damaged"):
            text_of(BytesIO(b"%PDF-1.7\n"), format)
    with pytest.raises(VerificationError, match="not read here"):
        text_of(BytesIO(b""), "png")
    monkeypatch.setattr(module, "MAX_TEXT", 10)
    with pytest.raises(VerificationError, match="longer than"):
        text_of(BytesIO(b"x" * 11), "plain")


@pytest.mark.parametrize(
    "mark",
    [
        "hidden", 'hidden="until-found"', 'style="display:none"', "style='color:red; DISPLAY : none !important'",
        'style="visibility:hidden"', 'style="opacity:0"', 'style="opacity: .0;"', 'style="font-size:0px"',
        'style="/**/display:/* x */none"', 'style="display:none" style="display:block"',
    ],
)  # fmt: skip
def test_words_that_a_page_says_itself_that_it_does_not_show(mark: str) -> None:
    whole = f"<body><p>One</p><div {mark}><div>in</div>AI生成</div><p>Two</p></body>".encode()
    found = text_of(BytesIO(whole), "html")
    assert found.said.split("\n") == ["One", "Two"]
    assert [(each.text, each.why) for each in found.hidden] == [("in", Why.HIDDEN), ("AI生成", Why.HIDDEN)]


def test_styles_that_are_hard_to_read_take_no_time() -> None:
    for style in ("opacity:" + "0" * 9_000 + "x", ("/*" * 4_000), "opacity:" + " " * 9_000 + "x", ";" * 9_000):
        page = f'<p style="{style}">AI生成</p>'.encode()
        started = time.process_time()
        text_of(BytesIO(page), "html")
        assert time.process_time() - started < 1
    assert text_of(BytesIO(f'<p style="{"x" * 20_000}">AI生成</p>'.encode()), "html").said == ""


@pytest.mark.parametrize(
    "mark", ['style="opacity:0.9"', 'style="font-size:0.9em"', 'style="display:block"', 'class="hidden"', ""]
)
def test_words_that_a_page_shows(mark: str) -> None:
    assert text_of(BytesIO(f"<body><br hidden><div {mark}>AI生成</div></body>".encode()), "html").said == "AI生成"
