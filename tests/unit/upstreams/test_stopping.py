# SPDX-License-Identifier: Apache-2.0
"""Tokens become text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.upstreams.stopping import Speech


def said(tokens: list[bytes], stops: tuple[str, ...] = ()) -> tuple[list[str], bool]:
    speech = Speech(stops)
    pieces = []
    for token in tokens:
        pieces.append(speech.feed(token))
        if speech.stopped:
            break
    return [*pieces, speech.end()], speech.stopped


def test_a_character_in_several_tokens_is_said_when_it_is_whole() -> None:
    assert said([b"\xe4", b"\xbd", b"\xa0a"]) == (["", "", "你a", ""], False)
    assert said([b"a\xe4\xbd"]) == (["a", ""], False)


@pytest.mark.parametrize(
    ("tokens", "stops", "text", "stopped"),
    [
        ([b"one ", b"two END", b" three"], ("END",), "one two ", True),
        ([b"one E", b"N", b"D three"], ("END",), "one ", True),
        ([b"one E", b"N"], ("END",), "one EN", False),
        ([b"aab", b"aac"], ("aac",), "aab", True),
        ([b"x;y", b"."], (".", ";"), "x", True),
        ([b"one"], ("",), "one", False),
        ([b"END"], ("END",), "", True),
        ([b"\n", b"\n", b"x"], ("\n\n",), "", True),
    ],
)
def test_stop_sequences(tokens: list[bytes], stops: tuple[str, ...], text: str, stopped: bool) -> None:
    pieces, ended = said(tokens, stops)
    assert ("".join(pieces), ended) == (text, stopped)


@given(st.text("ab", max_size=30), st.text("ab", min_size=1, max_size=4), st.integers(1, 5))
def test_pieces_change_nothing(text: str, stop: str, size: int) -> None:
    pieces, ended = said([text[at : at + size].encode() for at in range(0, len(text), size)], (stop,))
    assert "".join(pieces) == text.partition(stop)[0]
    assert ended == (stop in text)
