# SPDX-License-Identifier: Apache-2.0
"""Where each policy of a file begins and ends. Cedar's parser tells no lines and names policies by their position; a
reason that people can look up needs both. (Cedar's grammar: policies end with ``;``, which stands nowhere else outside
strings and comments.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# The engine's parser recurses without a bound of its own: some three thousand brackets end the process that reads them.
# People write ten levels, and a hundred steps.
MAX_DEPTH: Final = 50
MAX_STEPS: Final = 400
_OPEN: Final = frozenset("([{<")
_CLOSED: Final = frozenset(")]}>")
_ANGLES: Final = frozenset("<>")
_TOKENS: Final = re.compile(
    r'//[^\n]*|"(?:[^"\\]|\\.)*"?|[(\[{}\])]|&&|\|\||::|[-+*.<>!=]|\b(?:if|in|has|like|is|when|unless)\b', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One policy as it stands. line: its first, from 1."""

    text: str
    line: int


def pieces(text: str) -> Iterator[Piece]:
    """The policies of a file, in order. What stands after the last ``;`` and is no comment comes as one more: it is no
    policy, and the parser will say so."""
    begin = -1  # where the policy began that is being read
    line = begun = 1
    at, end = 0, len(text)
    while at < end:
        char = text[at]
        if char == "\n":
            line += 1
        elif char == "/" and text.startswith("//", at):
            newline = text.find("\n", at)
            at = (newline if newline >= 0 else end) - 1
        elif not char.isspace() and begin < 0:
            begin, begun = at, line
            continue
        elif char == '"':
            closed = _string(text, at)
            line += text.count("\n", at, closed)
            at = closed - 1
        elif char == ";" and begin >= 0:
            yield Piece(text[begin : at + 1], begun)
            begin = -1
        at += 1
    if begin >= 0:
        yield Piece(text[begin:], begun)


def too_deep(text: str, *, angles: bool = False) -> bool:
    """Whether a policy, or a schema, nests or goes on so far that it is not shown to the engine. angles: ``<`` is a
    bracket, as in a schema, and not a comparison."""
    depth = steps = 0
    for found in _TOKENS.finditer(text):
        token = found[0]
        if token[0] == "/" or token[0] == '"':
            continue
        bracket = angles or token not in _ANGLES
        if token in _OPEN and bracket:
            depth += 1
        elif token in _CLOSED and bracket:
            depth -= 1
        elif not angles:
            steps += 1
        if depth > MAX_DEPTH or steps > MAX_STEPS:
            return True
    return False


def _string(text: str, at: int) -> int:
    """Past the end of the string that begins at `at`; the end of the text if nothing ends it."""
    at += 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            return at + 1
        at += 1
    return len(text)
