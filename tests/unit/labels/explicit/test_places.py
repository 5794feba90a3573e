# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused, VerificationError
from answerable.labels.explicit import places
from answerable.labels.explicit.places import Insert, page, plain
from answerable.labels.explicit.plan import Plan


def put(data: bytes, insert: Insert) -> bytes:
    return data[: insert.at] + insert.data + data[insert.at :]


def plainly(data: bytes, where: str = "start", *, markdown: bool = False) -> bytes:
    return put(data, plain(data, Plan(where=where), markdown=markdown))  # type: ignore[arg-type]


def paged(data: bytes, where: str = "start", language: str = "zh") -> bytes:
    return put(data, page(data, Plan(where=where, language=language)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("gb18030", b""),
    ],
)
@pytest.mark.parametrize("where", ["start", "middle", "end"])
def test_in_the_encoding_that_the_text_has(encoding: str, mark: bytes, where: str) -> None:
    text = "第一段\n\n第二段\n"
    made = plainly(mark + text.encode(encoding), where)
    assert made.startswith(mark)
    expected = {
        "start": "AI生成\n\n第一段\n\n第二段\n",
        "middle": "第一段\n\nAI生成\n\n第二段\n",
        "end": "第一段\n\n第二段\n\nAI生成\n",
    }[where]
    assert made[len(mark) :].decode(encoding) == expected


def test_lines_end_as_they_did() -> None:
    assert plainly(b"a\r\nb") == "AI生成\r\n\r\na\r\nb".encode()
    assert plainly(b"a\r\nb", "end") == "a\r\nb\r\n\r\nAI生成\r\n".encode()
    for text in (b"a", b"a\n", b"a\n\n"):
        assert plainly(text, "end") == "a\n\nAI生成\n".encode()
    assert plainly(b"") == "AI生成\n\n".encode()


def test_front_matter_and_code_are_not_broken() -> None:
    front = b"---\nAIGC: {}\n---\n# T\n"
    assert plainly(front, markdown=True).startswith("---\nAIGC: {}\n---\nAI生成\n\n# T".encode())
    assert plainly(front).startswith("AI生成".encode()), "a plain text has none"
    code = b"intro\n\nmore\n\n```\na\n\nb\n\nc\n\nd\n\ne\n```\n"
    made = plainly(code, "middle", markdown=True).decode()
    assert made.index("AI生成") < made.index("```")
    assert (
        "AI生成"
        in plainly(b"a\n\n~~~\n```\n\nx\n~~~\n\nb\n\nc", "middle", markdown=True).decode().partition("~~~\n\nb")[0]
        + "b"
    )


def test_a_text_of_one_paragraph_has_no_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="no fitting middle"):
        plainly(b"one\ntwo\n", "middle")
    monkeypatch.setattr(places, "MAX_LOOK", 5)
    with pytest.raises(Refused, match="longer"):
        plainly(b"one\n\ntwo\n", "middle")


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("<!doctype html><html><head><title>t</title></head><body>", "<h1>T</h1></body></html>"),
        ("<body class='a>b' id=x>", "<p>one"),
        ("<title><body></title><BODY>", "text</BODY>"),
        ("<script>'<body>'</script><body>", "x"),
        ("<!-- <body> --><head></head>", "<p>x"),
        ("<meta charset=utf-8>\n  ", "text at once"),
    ],
)
def test_the_first_paragraph_of_a_page(before: str, behind: str) -> None:
    new = '<p class="ai-label" role="note" lang="zh">AI生成</p>'
    assert paged((before + behind).encode()).decode() == before + new + behind


def test_the_last_paragraph_of_a_page() -> None:
    assert paged(b"<body>x</body></html>", "end", "en").endswith(b'lang="en">AI-generated</p></body></html>')
    assert paged(b"<p>x", "end").decode().endswith("AI生成</p>")


def test_pages_in_other_encodings() -> None:
    assert b"AI&#29983;&#25104;" in paged("<body>\u00e9".encode("latin-1"))
    wide = paged(b"\xff\xfe" + "<body>x".encode("utf-16-le"))
    assert wide[2:].decode("utf-16-le").startswith("<body><p class")


def test_pages_without_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="middle"):
        paged(b"<body>x", "middle")
    with pytest.raises(VerificationError, match="no place"):
        paged(b"<title>cut off")
    monkeypatch.setattr(places, "MAX_LOOK", 3)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        paged(b"<body>x")
