# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused, Unavailable
from answerable.errors.details.standins import DETAILS


@pytest.mark.parametrize("english", DETAILS)
def test_what_stands_for_a_name_is_said_in_chinese(english: str) -> None:
    said = Unavailable("pulse.source", source=english, detail="no answer").reason("zh")
    assert DETAILS[english] in said
    assert english not in said


def test_a_name_is_left_as_it_is() -> None:
    """Whatever it is: a model may be called as a table's sentence reads."""
    assert "closed" in Refused("label.watermark_off", model="closed").reason("zh")
