# SPDX-License-Identifier: Apache-2.0
"""In which language a label speaks: that of the request, as far as it can be told cheaply and the same way each time.

`Accept-Language` (RFC 9110 section 12.5.4) decides where it prefers Chinese or English clearly; otherwise the share of
Han characters in the last thing that the user wrote.
"""

from __future__ import annotations

import re
from typing import Final

# What a person asked stands at the end of a long prompt; the bound keeps the cost flat.
LOOK_AT: Final = 2_000
# A Han character says about as much as three Latin letters: Chinese with English names in it is still Chinese.
LETTERS_PER_HAN: Final = 3
MAX_HEADER: Final = 256

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff]")
_LATIN = re.compile("[A-Za-z]")
_RANGE = re.compile(r"([A-Za-z*]{1,8})(?:-[A-Za-z0-9*]{1,8})*\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\Z")


def choose(text: str, accept_language: str = "") -> str:
    """ "en" or "zh". text: the user's last words, "" if there are none."""
    return (accept_language and decisive(accept_language)) or of_text(text)


def decisive(accept_language: str) -> str:
    """ "en" or "zh" if the header prefers one of them above all else, otherwise ""."""
    best: dict[str, float] = {}
    if not accept_language or len(accept_language) > MAX_HEADER:
        return ""
    for item in accept_language.split(","):
        match = _RANGE.match(item.strip())
        if match is None:
            return ""
        tag, quality = match[1].lower(), float(match[2] or 1)
        best[tag] = max(best.get(tag, 0.0), quality)
    top = max(best.values())
    first = [tag for tag, quality in best.items() if quality == top]
    return first[0] if top > 0 and len(first) == 1 and first[0] in ("en", "zh") else ""


def of_text(text: str) -> str:
    """ "zh" for text that is mostly Chinese, otherwise "en". Kana mark Japanese, which is answered in English."""
    if text.isascii():
        return "en"
    text = text[-LOOK_AT:]
    han = len(_HAN.findall(text))
    if len(_KANA.findall(text)) * 5 > han:
        return "en"
    return "zh" if han * LETTERS_PER_HAN > len(_LATIN.findall(text)) else "en"
