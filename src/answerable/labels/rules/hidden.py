# SPDX-License-Identifier: Apache-2.0
"""Words that stand in a file and are not counted as its visible label (GB 45438-2025 section 5.1: words that people can
read), because nobody sees them, or because it cannot be told from the file that somebody does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Why(StrEnum):
    """MODE: drawn with neither fill nor line; OUTSIDE: not on the page, the slide or the sheet that is shown; TINY: too
    small to read; UNDRAWN: taking them out changes nothing that could be seen: covered, clipped, transparent, switched
    off or in the colour of what lies behind; OVERLAID: other letters stand at the same place; HIDDEN: marked as hidden,
    or deleted; COLOUR: in a colour that does not stand out; UNKNOWN: by a property or in a place of which it is not
    told here what is seen; MANY: more places than are looked at."""

    MODE = "mode"
    OUTSIDE = "outside"
    TINY = "tiny"
    UNDRAWN = "undrawn"
    OVERLAID = "overlaid"
    HIDDEN = "hidden"
    COLOUR = "colour"
    UNKNOWN = "unknown"
    MANY = "many"


# Of these it is known that nobody reads them; of the others it cannot be told that somebody does.
CERTAIN: Final = frozenset((Why.MODE, Why.OUTSIDE, Why.TINY, Why.UNDRAWN, Why.HIDDEN))
_SAID: Final = {
    Why.MODE: ("their drawing mode leaves no trace", "绘制方式不留痕迹"),
    Why.OUTSIDE: ("they lie outside what is shown", "位于显示区域之外"),
    Why.TINY: ("they are too small to read", "字号过小，无法辨读"),
    Why.UNDRAWN: (
        "the page looks the same without them: covered, cut off, transparent or of the colour behind them",
        "去除后页面并无可见变化：被遮盖、裁切、透明或与背景同色",
    ),
    Why.OVERLAID: ("other letters stand at the same place", "与其他文字重叠"),
    Why.HIDDEN: ("they are marked as hidden or deleted", "已标记为隐藏或删除"),
    Why.COLOUR: ("their colour does not stand out from what lies behind", "颜色与背景反差不足"),
    Why.UNKNOWN: ("it cannot be told from the file that they are shown", "无法由文件判断其是否显示"),
    Why.MANY: ("there are more such places than are looked at", "此类位置过多，未逐一查看"),
}


@dataclass(frozen=True, slots=True)
class Hidden:
    """A line or run of words that is not counted."""

    text: str
    why: Why


def told(found: tuple[Hidden, ...]) -> tuple[str, str]:
    """Why the words of a label are not counted, in English and Chinese, each reason with its term."""
    whys = [why for why in Why if any(each.why is why for each in found)]
    english = "; ".join(f"{_SAID[why][0]} ({why})" for why in whys)
    chinese = "；".join(f"{_SAID[why][1]}（{why}）" for why in whys)
    return (
        f"words of a label stand in it and are not counted: {english}",
        f"其中有标识文字，但不计为显式标识：{chinese}",
    )
