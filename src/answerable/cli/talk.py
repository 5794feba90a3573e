# SPDX-License-Identifier: Apache-2.0
"""How the command line speaks: stdout is data, stderr is talk; both languages; `--json` everywhere."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from answerable.errors import AnswerableError


def language() -> str:
    """``zh`` where ANSWERABLE_LANG or the locale says Chinese, else ``en``."""
    for name in ("ANSWERABLE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(english: str, chinese: str) -> None:
    """One line of talk on stderr, in the reader's language."""
    print(harmless(chinese if language() == "zh" else english), file=sys.stderr, flush=True)


def pick(english: str, chinese: str) -> str:
    return chinese if language() == "zh" else english


def emit(args: argparse.Namespace, data: Any, lines: Iterable[str]) -> None:
    """Data on stdout: one JSON document with `--json`, else `lines` for people."""
    if args.json:
        print(harmless(json.dumps(data, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)), flush=True)
    else:
        for line in lines:
            print(harmless(line), flush=True)


def harmless(text: str) -> str:
    """`text` without what a terminal obeys or what turns the order of words round, as JSON escapes: names come from
    strangers, and must not rewrite the sentence that they stand in."""
    return text if text.isascii() and text.isprintable() else text.translate(_ESCAPES)


_OBEYED: Final = (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F),
                  *range(0x2066, 0x206A))  # fmt: skip
_ESCAPES: Final = {code: f"\\u{code:04x}" for code in _OBEYED}


def fail(args: argparse.Namespace, error: AnswerableError, about: str = "") -> int:
    """Tell an error in both forms; returns its exit status. about: which of several it is of."""
    if getattr(args, "json", False):
        print(harmless(json.dumps({"error": error.as_dict()}, ensure_ascii=False)), flush=True)
    lang = language()
    print(harmless(f"{about}{': ' if about else ''}{error.code}: {error.reason(lang)}"), file=sys.stderr)
    print(harmless(f"  → {error.remedy(lang)}"), file=sys.stderr)
    return error.exit


def when(ms: int) -> str:
    """A time for people: local, with its offset. What no calendar here reaches (others write times too) is told in
    milliseconds."""
    try:
        return datetime.fromtimestamp(ms / 1000).astimezone().isoformat(sep=" ", timespec="seconds") if ms else "-"
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns padded to their widest cell; East Asian wide characters count double."""
    cells = [list(head), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(head))]
    return [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _width(text: str) -> int:
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
