# SPDX-License-Identifier: Apache-2.0
"""The words of a label in text: in the first or the last 64 characters, or in a line of their own in between."""

from __future__ import annotations

from typing import BinaryIO, Final

from answerable.labels.explicit.plan import MAX_WORDS
from answerable.labels.rules.hidden import CERTAIN, told
from answerable.labels.rules.seen import ABSENT, FOUND, OTHER_WORDS, SHORT, UNSEEN, Seen
from answerable.marks import wording

ENDS: Final = 64
# What GB 45438-2025 names; English words of the sense are others.
NAMED: Final = ("生成", "合成")


def look(file: BinaryIO, format: str) -> Seen:
    """Raises VerificationError ``format.*``, Unavailable ``label.extra``."""
    from answerable.labels.rules.text_of import text_of

    text = text_of(file, format)
    found = judged(text.said)
    if found.state in (FOUND, OTHER_WORDS):
        return found
    if apart := tuple(each for each in text.hidden if judged(each.text).state in (FOUND, OTHER_WORDS)):
        certain = text.partial is None and all(each.why in CERTAIN for each in apart)
        return Seen(ABSENT if certain else UNSEEN, *told(apart))
    return found if text.partial is None else Seen(UNSEEN, *text.partial)


def judged(text: str) -> Seen:
    """What stands in a text of which all is known."""
    text = text.strip()
    start, end = text[:ENDS], text[-ENDS:]
    other = False
    for part, where, where_zh in ((start, "at the start", "起始"), (end, "at the end", "末尾")):
        if not wording.complete(part):
            continue
        if any(word in part for word in NAMED):
            return Seen(FOUND, f"words {where}", f"{where_zh}有文字提示", certain=_alone(part))
        other = True
    for line in text.splitlines():
        line = line.strip()
        if len(line) <= MAX_WORDS and wording.complete(line) and any(word in line for word in NAMED):
            return Seen(FOUND, "words in a line of their own", "中间有独立成行的文字提示", certain=_alone(line))
    if other:
        return Seen(
            OTHER_WORDS,
            "words in English alone; the standard names 生成 and 合成",
            "仅有英文提示；标准所列要素为“生成”“合成”",
            certain=_alone(start) or _alone(end),
        )
    if any(word in part for part in (start, end) for word in wording.AI):
        return Seen(SHORT, "an AI element without a generation element", "有人工智能要素而无生成合成要素")
    return Seen(
        ABSENT, "no words at the start, the end or in a line of their own", "起始、末尾及独立成行处均无文字提示"
    )


def _alone(part: str) -> bool:
    """A line of it is one of the usual wordings, and nothing else."""
    return any(line.strip() in wording.WORDS.values() for line in part.splitlines())
