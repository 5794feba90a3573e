# SPDX-License-Identifier: Apache-2.0
"""The words of the explicit label, and how they are set before a text and taken off again.

GB 45438-2025 section 5 asks for an AI element ("人工智能" or "AI") and a generation element ("生成" or "合成") at the
start, the end or a fitting middle of a text. Ours stand at the start, in a paragraph of their own: on the same line
they would break a heading, a list, a table or a code fence that the text begins with.
"""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str]] = {"en": "AI-generated", "zh": "AI生成", "both": "AI生成 AI-generated"}
# By which a digital human says what it is. GB 45438-2025 asks for the words in what it says; who talks with a likeness
# of a person is told, and goes on being told, that it is none.
NOTICES: Final[dict[str, str]] = {
    "en": "AI-generated digital human: not a person",
    "zh": "AI生成的数字人，并非真人",
}
AI: Final = ("人工智能", "AI")
GENERATION: Final = ("生成", "合成", "generated", "synthesised", "synthesized")
BREAK: Final = "\n\n"
PREFIXES: Final = tuple(words + BREAK for words in WORDS.values())

_BEGINNINGS: Final = tuple(WORDS.values())
_SEPARATORS = ("\n", "\r\n")


def words(language: str) -> str:
    """The label's words in `language` ("en", "zh" or "both"; any other is answered in English)."""
    return WORDS.get(language, WORDS["en"])


def notice(language: str) -> str:
    """A digital human's words about itself in `language`, English for any other than Chinese."""
    return NOTICES.get(language, NOTICES["en"])


def complete(text: str) -> bool:
    """Whether `text` holds an AI element and a generation element. In English the second is a word of that sense, which
    the standard does not name."""
    return any(word in text for word in AI) and any(word in text for word in GENERATION)


def prefix(explicit: str) -> str:
    """What is set before a text that shall carry the words `explicit`; "" for no words."""
    return explicit + BREAK if explicit else ""


def found(text: str) -> str:
    """The words that `text` begins with as a paragraph or line of its own, or "". White space before them is passed
    over: copying adds some."""
    start = text.lstrip()
    if not start.startswith(_BEGINNINGS):
        return ""
    for known in WORDS.values():
        if start.startswith(known) and (start == known or start[len(known) :].startswith(_SEPARATORS)):
            return known
    return ""


def without(text: str) -> str:
    """`text` without our own label at its start: as a model gets its earlier turns back."""
    for known in PREFIXES:
        if text.startswith(known):
            return text[len(known) :]
    return text


def plain(text: str) -> str:
    """What people copy of a text, label and outer white space aside, with "\\n" as line end: what it is found again
    by."""
    text = text.replace("\r\n", "\n").strip()
    for known in PREFIXES:  # as we set them
        if text.startswith(known):
            return text[len(known) :].lstrip()
    if text.startswith(_BEGINNINGS) and (known := found(text)):
        text = text[len(known) :].lstrip()
    return text
