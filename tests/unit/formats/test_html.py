# SPDX-License-Identifier: Apache-2.0
"""HTML: the head as browsers find it, encodings, and a declaration of one that must stay near the beginning."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats import html as module
from answerable.formats.html import MAX_HEAD, Html
from tests.label_files import OLD, TEXT, write

QUOTED = OLD.replace('"', "&quot;")


def found(data: bytes | str) -> list[str]:
    raw = data.encode() if isinstance(data, str) else data
    return [each.text.decode() for each in Html().read(io.BytesIO(raw))]


def labelled(data: bytes | str) -> bytes:
    return write(data.encode() if isinstance(data, str) else data, carrier=Html())


class Metas(HTMLParser):
    """An independent parser's view."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.contents: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta" and dict(attrs).get("name", "") == "AIGC":
            self.contents.append(dict(attrs)["content"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<!doctype html><html><head><meta charset=utf-8><title>a</title>", "</head><body>x"),
        ("<!doctype html><title><head></title>", "<p>x"),
        ("", "words"),
        ("<html>", "<body>x"),
        ("<head><script>'</head>'</script><style></style><!-- <body> -->", "</head>"),
        ("<head><noscript><p></noscript><template><body></template>\n", "</HEAD >"),
        ("<html><head><base href=x><link rel=y>", ""),
        ("<head a='>' b=\">\" c=d/e>", "</body>"),
        ("\ufeff<!-- a -->", "\u00a0text"),
    ],
)
def test_it_stands_at_the_end_of_the_head(before: str, after: str) -> None:
    made = labelled(before + after).decode()
    assert made.startswith(before)
    assert made.endswith(after)
    assert Metas(made).contents == [TEXT]
    assert found(made) == [TEXT]
    assert labelled(made).decode() == made


@pytest.mark.parametrize(("before", "after"), [("<!--><?x?></x></3>", "<table>"), ("<!-- a --!>", "x"), ("<!--->", "")])
def test_comments_end_as_in_browsers(before: str, after: str) -> None:
    # The standard library's parser knows these ends of comments in later versions alone.
    made = labelled(before + after).decode()
    assert (made.startswith(before), made.endswith(after), found(made)) == (True, True, [TEXT])


@pytest.mark.parametrize(
    "meta",
    [
        f'<meta name="AIGC" content="{QUOTED}">',
        f"<META CONTENT='{OLD}' NAME=aigc />",
        f"<meta property=AIGC content='{OLD}'>",
        f"<meta name='AIGC' name='x' content = '{OLD}'>",
    ],
)
def test_others_are_read_and_replaced(meta: str) -> None:
    data = f"<head><title>x</title>{meta}<link>{meta}</head><body>{meta}"
    assert found(data) == [OLD, OLD]
    made = labelled(data).decode()
    assert found(made) == [TEXT]
    assert made.startswith("<head><title>x</title><meta")
    assert made.endswith(f"<link></head><body>{meta}")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030", "shift_jis", "big5", "utf-8-sig"])
def test_encodings(encoding: str) -> None:
    data = "<title>\u8868\u4e2d</title><p>\u8868".encode(encoding)
    made = labelled(data)
    assert found(made) == [TEXT]
    assert Metas(made.decode(encoding)).contents == [TEXT]
    assert "\u8868\u4e2d" in made.decode(encoding)


@pytest.mark.parametrize(
    "data",
    [
        "<meta charset=iso-2022-jp><p>",
        "<meta http-equiv=x content='text/html; charset=UTF-7'>",
        "<p>x<meta charset=utf-8>",
    ],
)
def test_what_a_label_would_harm_is_unsupported(data: str) -> None:
    with pytest.raises(VerificationError) as caught:
        labelled(data)
    assert caught.value.code == "format.unsupported"


@pytest.mark.parametrize(
    "data", ["<head><!-- ", "<title>x", "<meta name='", '<meta a="b>', "<script></scrip", "<meta x"]
)
def test_a_head_that_is_cut_off_is_malformed(data: str) -> None:
    assert found(data) == []
    with pytest.raises(VerificationError) as caught:
        labelled(data)
    assert caught.value.code == "format.malformed"


def test_sizes_are_bounded() -> None:
    for data in ("<head>" + "<link>" * (MAX_HEAD // 5), "<meta name=AIGC content='" + "x" * 140_000 + "'>"):
        with pytest.raises(VerificationError) as caught:
            found(data)
        assert caught.value.code == "format.oversized"


def test_a_long_head_is_read_to_its_end() -> None:
    data = "<head>" + "<link>" * 20_000 + f"<meta name=AIGC content='{OLD}'></head>" + "x" * 9_000
    assert found(data) == [OLD]
    assert found(labelled(data)) == [TEXT]


_BITS = st.sampled_from(
    [
        "<meta",
        "<link",
        "<script",
        "</script>",
        "<title>",
        "</title>",
        "<!--",
        "-->",
        ">",
        "/>",
        " ",
        "\n",
        "/",
        "=",
        "'",
        '"',
        "name=AIGC",
        'name="aigc"',
        "name='&#65;IGC'",
        " content='{}'",
        ' content="a>b"',
        " a",
        "a=b",
        "a = b",
        'x="y"z',
        "<p>",
    ]
)


@given(st.lists(_BITS, max_size=30))
@settings(max_examples=400)
def test_tags_read_of_one_piece_are_those_read_attribute_by_attribute(bits: list[str]) -> None:
    text = "".join(bits)

    def told() -> tuple[int, list[tuple[int, int, str]], bool]:
        scan = module._Scan(text)
        return scan.run(), scan.metas, scan.open

    quick, usual = told(), module._USUAL
    module._USUAL = re.compile(r"(?!)")  # type: ignore[misc]
    try:
        assert told() == quick
    finally:
        module._USUAL = usual  # type: ignore[misc]
