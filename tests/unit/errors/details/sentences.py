# SPDX-License-Identifier: Apache-2.0
"""The sentences that a room of src/answerable gives as an error's `detail`, read from its source: texts and templates,
with `{}` for what is filled in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[4] / "src" / "answerable"
# Functions whose last argument is the detail of the error that they make or raise.
MAKE = frozenset({"malformed", "oversized", "unsupported", "_differs", "_malformed", "_no", "_unread"})


def texts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in texts(value)]
    return []


def given(room: str) -> Iterator[tuple[str, str]]:
    """(sentence, where it is given)."""
    place = ROOT / room
    for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found = [text for each in node.keywords if each.arg == "detail" for text in texts(each.value)]
            if name in MAKE and node.args:
                found += texts(node.args[-1])
            for text in found:
                # A word alone is a term or a name.
                if " " in text and any(map(str.isalpha, text)):
                    yield text, f"{path.relative_to(ROOT)}:{node.lineno}"
