# SPDX-License-Identifier: Apache-2.0
"""Exactly what would run, as lines that show nothing else than it is: whatever a terminal would obey, hide or draw
like something else is written out."""

from __future__ import annotations

import difflib
import json
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from answerable.cli.talk import pick

# Letters that are read as what they are in either language of this program. Others may look like these.
_FAMILIAR: Final = ("CJK ", "HIRAGANA ", "KATAKANA ", "HANGUL ", "FULLWIDTH ")
MAX_STRANGE: Final = 16  # characters that are named


def visible(text: str) -> str:
    """`text` with every character that has no shape of its own, or turns the order of words round, as a JSON escape:
    controls, format characters, spaces other than U+0020, surrogates, private and unassigned ones."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shape, text))


def pretty(value: Any) -> list[str]:
    """The value as JSON, a member a line."""
    return [visible(line) for line in json.dumps(value, ensure_ascii=False, indent=2).split("\n")]


def changes(before: Any, after: Any) -> list[str]:
    """What differs, line by line: ``-`` as it was asked, ``+`` as it would run."""
    found = difflib.unified_diff(pretty(before), pretty(after), n=2, lineterm="")
    return [line for line in found if not line.startswith(("---", "+++"))]


def strange(value: Any) -> list[str]:
    """Characters in keys and texts that could be taken for others, each with its name."""
    found: dict[str, None] = {}
    for text in _texts(value):
        for each in text:
            if each.isascii() or each in found:
                continue
            name = unicodedata.name(each, "")
            # Marks, signs and symbols are drawn as themselves; letters and digits of other scripts may deceive.
            if unicodedata.category(each)[0] in "LNM" and not name.startswith(_FAMILIAR):
                found[each] = None
    return [f"{each} U+{ord(each):04X} {unicodedata.name(each, '?')}" for each in list(found)[:MAX_STRANGE]]


def lines(call: dict[str, Any], asked: dict[str, Any] | None) -> list[str]:
    """call: the members of an exact call; asked: the same as it was asked, where approvers changed it."""
    shown = [
        f"{pick('server', '服务器')}: {visible(call['server'])}",
        f"{pick('tool', '工具')}: {visible(call['tool']) or '-'}",
        f"{pick('on behalf of', '委托人')}: {visible(call['principal']) or '-'}",
        pick("exactly this would run:", "将执行的内容："),
        *(f"  {line}" for line in pretty(call["arguments"])),
    ]
    if asked is not None:
        shown.append(pick("changed by an approver:", "审批人已修改："))
        shown += [f"  {line}" for line in changes(asked["arguments"], call["arguments"])]
    if odd := strange(call):
        shown.append(pick("letters that may be taken for others:", "可能被误认的字符："))
        shown += [f"  {each}" for each in odd]
    return shown


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _shape(each: str) -> str:
    category = unicodedata.category(each)
    if category[0] != "C" and (category[0] != "Z" or each == " "):
        return each
    code = ord(each)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
