# SPDX-License-Identifier: Apache-2.0
"""What label and record say of a mark in the words."""

import pytest

from answerable.marks.asked import words_mark
from answerable.model.labels import EngineMarks, Sampling, WordsMark

OWN, ENGINE, UNKNOWN = EngineMarks.OWN, EngineMarks.ENGINE, EngineMarks.UNKNOWN


@pytest.mark.parametrize(
    ("marks", "sampling", "said"),
    [
        (OWN, Sampling.FREE, WordsMark.MARKED),
        (OWN, Sampling.FORMED, WordsMark.UNMARKED),
        (OWN, Sampling.GREEDY, WordsMark.GREEDY),
        (ENGINE, Sampling.FREE, WordsMark.ASKED),
        (ENGINE, Sampling.FORMED, WordsMark.ASKED),
        (ENGINE, Sampling.GREEDY, WordsMark.GREEDY),
        (UNKNOWN, Sampling.FREE, WordsMark.UNKNOWN),
        (UNKNOWN, Sampling.GREEDY, WordsMark.GREEDY),
        (OWN, Sampling.NONE, WordsMark.UNKNOWN),
    ],
)
def test_what_is_said(marks: EngineMarks, sampling: Sampling, said: WordsMark) -> None:
    assert words_mark(marks, sampling) is said
