# SPDX-License-Identifier: Apache-2.0
"""What an error's `detail` says, in Chinese. An error is raised with the English sentence, as it is logged; a reader of
Chinese gets the sentence of these tables in its place, and what stands in none of them as it is: names, numbers and
other people's words.

A table maps sentences to sentences; `{}` stands for what differs, and `{0}`, `{1}` for the same in the Chinese one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

_COLON: Final = ": "
MAX_DETAIL: Final = 400  # characters; what is longer holds other people's words


def chinese(detail: str) -> str:
    """`detail` in Chinese, as it is where no table has it. Of "place: detail" the detail."""
    if len(detail) > MAX_DETAIL:
        return detail
    exact, shaped = _known()
    if (said := exact.get(detail)) is not None:
        return said
    for pattern, template in shaped:
        if (match := pattern.fullmatch(detail)) is not None:
            return template.format(*map(chinese, match.groups()))
    head, colon, tail = detail.partition(_COLON)
    return f"{head}：{chinese(tail)}" if colon and (said := chinese(tail)) != tail else detail


@cache
def _known() -> tuple[Mapping[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    from answerable.errors.details import formats, labels, system

    exact: dict[str, str] = {}
    shaped: list[tuple[re.Pattern[str], str]] = []
    for table in (formats.DETAILS, labels.DETAILS, system.DETAILS):
        for english, chinese_ in table.items():
            if "{}" not in english:
                exact[english] = chinese_
                continue
            parts = map(re.escape, english.split("{}"))
            shaped.append((re.compile("(.*?)".join(parts), re.DOTALL), chinese_))
    # The one that says the most of its own first: another may be a part of it.
    shaped.sort(key=lambda each: -len(each[0].pattern))
    return exact, tuple(shaped)
