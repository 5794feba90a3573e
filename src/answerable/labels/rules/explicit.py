# SPDX-License-Identifier: Apache-2.0
"""Checks of the label that people perceive (GB 45438-2025 section 5)."""

from __future__ import annotations

from answerable.labels.rules import seen
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Told, compliant, inconclusive, missing, without


def words(subject: Subject) -> Told:
    """Words on a picture, on the opening of a video or in a text, or the rhythm in a sound. What cannot be seen from
    here is inconclusive in a file that is known to be AI-made, and not found in another."""
    found = subject.seen
    if found.state == seen.FOUND:
        # Running text about AI has such words too.
        if subject.by_ai or found.certain or subject.medium != "text":
            return compliant(found.detail, found.detail_zh)
        return without(
            f"{found.detail}, as running text may have; nothing else says that AI made it",
            f"{found.detail_zh}，但正文亦可能含此类文字，且无其他信息表明其由人工智能生成",
        )
    if found.state == seen.OTHER_WORDS and (subject.by_ai or found.certain):
        return inconclusive(found.detail, found.detail_zh)
    if found.state == seen.UNSEEN and subject.by_ai:
        return inconclusive(found.detail, found.detail_zh)
    if found.state == seen.UNSEEN:
        return without(found.detail, found.detail_zh)
    return missing(subject.by_ai, found.detail, found.detail_zh)


def icon(subject: Subject) -> Told:
    """Words or an icon for people, of whatever language: what a deployer of AI shows at first exposure."""
    found = subject.seen
    if found.state in (seen.FOUND, seen.OTHER_WORDS) and (found.certain or subject.by_ai):
        return compliant(found.detail, found.detail_zh)
    if subject.by_ai:
        return inconclusive(
            "no label of this project's is seen; whether the content needs one depends on what it shows",
            "未见本项目所加提示；是否须加提示取决于内容本身",
        )
    return without(found.detail, found.detail_zh)
