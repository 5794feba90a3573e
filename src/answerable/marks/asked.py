# SPDX-License-Identifier: Apache-2.0
"""What was done for a mark in the words of one answer: said in label and record (EU AI Act Art. 50(2)). It says what
was asked for, not that a mark will be found: that depends on how long and how free the text is.
"""

from __future__ import annotations

from answerable.model.labels import EngineMarks, Sampling, WordsMark


def words_mark(marks: EngineMarks, sampling: Sampling) -> WordsMark:
    """What stands in label and record; UNKNOWN is left out there."""
    if sampling is Sampling.NONE:
        return WordsMark.UNKNOWN
    if sampling is Sampling.GREEDY:
        return WordsMark.GREEDY
    if marks is EngineMarks.OWN:
        return WordsMark.MARKED if sampling is Sampling.FREE else WordsMark.UNMARKED
    return WordsMark.ASKED if marks is EngineMarks.ENGINE else WordsMark.UNKNOWN
