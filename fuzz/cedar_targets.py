# SPDX-License-Identifier: Apache-2.0
"""A folder of policies whose files are whatever the bytes are: what is taken decides, and one piece is one policy."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from answerable.cedar.folder import ENTITIES, SCHEMA, Files
from answerable.cedar.loaded import load
from answerable.cedar.text import pieces
from answerable.errors import AnswerableError

_GOOD: Final = '@id("all")\npermit (principal, action, resource);\n'


def _folder(data: bytes) -> None:
    """Policies, entities and types, apart by zero bytes; and the bytes as either beside a policy that is good."""
    policies, entities, types = (*(part.decode("utf-8", "replace") for part in data.split(b"\0", 2)), "", "")[:3]
    for texts in (
        {"10.cedar": policies, ENTITIES: entities or "[]", SCHEMA: types},
        {"10.cedar": _GOOD, ENTITIES: policies or "[]"},
        {"10.cedar": _GOOD, SCHEMA: policies},
    ):
        with contextlib.suppress(AnswerableError):
            loaded = load(Files(folder="f", texts=texts, cases={}, digest=""))
            assert [rule.text for rule in loaded.rules] == [piece.text for piece in pieces(texts["10.cedar"])]
            assert len(loaded.strict) + sum(bool(rule.people) for rule in loaded.rules) == len(loaded.rules)


def _pieces(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    at = 0
    for piece in pieces(text):
        begin = text.index(piece.text, at)
        assert piece.line == text.count("\n", 0, begin) + 1
        at = begin + len(piece.text)


CEDAR_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {"cedar.folder": _folder, "cedar.pieces": _pieces}
