# SPDX-License-Identifier: Apache-2.0
"""Identifiers: a slip of one character is found, and foreign text raises our errors alone."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Refused
from answerable.registry import ids

SEEDS = st.integers(0, 2**64)
PRINTABLE = st.sampled_from(string.ascii_letters + string.digits + string.punctuation + " ")


def _slip(code: str, place: int, char: str) -> str:
    place %= len(code)
    return code[:place] + char + code[place + 1 :]


@given(SEEDS, st.integers(0, 17), PRINTABLE)
def test_each_wrong_character_of_a_social_credit_code_is_found(seed: int, place: int, char: str) -> None:
    code = ids.unassigned_uscc(seed).removeprefix("NTRCN-")
    wrong = _slip(code, place, char)
    if wrong != code:
        with pytest.raises(Refused):
            ids.check_uscc(wrong)


@given(SEEDS)
def test_no_character_of_any_place_can_be_changed_unseen(seed: int) -> None:
    code = ids.unassigned_uscc(seed).removeprefix("NTRCN-")
    for place in range(18):
        for char in ids.USCC_ALPHABET:
            wrong = _slip(code, place, char)
            if wrong != code:
                with pytest.raises(Refused):
                    ids.check_uscc(wrong)


@given(SEEDS, st.integers(0, 16))
def test_swapped_neighbours_of_a_social_credit_code_are_found(seed: int, place: int) -> None:
    code = ids.unassigned_uscc(seed).removeprefix("NTRCN-")
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped != code:
        with pytest.raises(Refused):
            ids.check_uscc(swapped)


@given(SEEDS)
def test_each_wrong_character_of_the_same_sort_of_a_legal_entity_identifier_is_found(seed: int) -> None:
    code = ids.unassigned_lei(seed).removeprefix("LEIXG-")
    for place, right in enumerate(code):
        sort = string.digits if right.isdigit() else string.ascii_uppercase
        for char in sort:
            if char != right:
                with pytest.raises(Refused):
                    ids.check_lei(_slip(code, place, char))


@given(SEEDS)
def test_a_letter_for_a_digit_passes_only_where_the_standard_lets_it(seed: int) -> None:
    """MOD 97-10 writes a letter as two digits, which shifts all that stands before it: what passes is exactly what
    leaves the same remainder, about one in a hundred."""
    code = ids.unassigned_lei(seed).removeprefix("LEIXG-")
    passed = tried = 0
    for place, right in enumerate(code[:18]):
        for char in string.ascii_uppercase if right.isdigit() else string.digits:
            tried += 1
            wrong = _slip(code, place, char)
            number = int("".join(str(int(c, 36)) for c in wrong))
            try:
                ids.check_lei(wrong)
            except Refused:
                assert number % 97 != 1
            else:
                passed += 1
                assert number % 97 == 1
    assert passed <= tried / 10


@given(st.text(max_size=80) | st.from_regex(r"(NTR|VAT|LEI|PERSON)[A-Z]{0,3}-.{0,40}", fullmatch=True))
def test_foreign_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = str(ids.parse(text))
    except Refused as error:
        found = error.code
    assert found in (text, "party.id")


@given(st.text(max_size=40))
def test_a_refusal_never_quotes_what_was_typed(text: str) -> None:
    with pytest.raises(Refused) as caught:
        ids.parse(f"X{text}")
    assert caught.value.params["scheme"] in ("?", f"X{text}".partition("-")[0])
