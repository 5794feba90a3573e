# SPDX-License-Identifier: Apache-2.0
"""The contract's bounds hold what the object needs."""

from __future__ import annotations

import dataclasses

import pytest

from answerable.formats.carrier import MAX_TEXT, Carried
from answerable.marks import aigc


def test_the_largest_object_fits_escaped_into_a_carried_text() -> None:
    assert MAX_TEXT >= aigc.MAX_BYTES * 6  # each character as \\uXXXX or &quot;


def test_what_was_found_is_a_value() -> None:
    found = Carried("tEXt AIGC", b"{}")
    assert found == Carried("tEXt AIGC", b"{}")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.text = b""  # type: ignore[misc]
