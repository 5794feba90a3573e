# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from answerable.model.sights import Crossing, Sight, Standing


def test_what_a_detector_is_shown_it_cannot_change() -> None:
    sight, crossing = Sight("r", 1), Crossing("RL1a", "red", "s")
    for value, name in ((sight, "system"), (crossing, "level")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, "other")


def test_by_default_it_is_the_logs_own_word_about_nobody() -> None:
    assert Sight("r", 1).standing is Standing.RECORD
    assert (Sight("r", 1).system, Sight("r", 1).copy) == ("", "")


def test_by_default_a_finding_is_neither_text_nor_excused() -> None:
    crossing = Crossing("RL1a", "red", "s")
    assert (crossing.text, crossing.declared, crossing.provoked, crossing.stranger) == (False,) * 4
