# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.marks.provider_code import LENGTH, PROPAGATES, make, parse

# The example number of GB 32100-2015 itself; no firm of today has it.
USCC = "91350100M000100Y43"


def test_made_and_parsed() -> None:
    code = make(USCC, "ABCD")
    assert code == "0011" + USCC + "1ABCD"
    assert len(code) == LENGTH
    parsed = parse(code)
    assert (parsed.uscc, parsed.role, parsed.suffix, str(parsed)) == (USCC, "1", "ABCD", code)
    assert parse(make(USCC, "0001", PROPAGATES)).role == "2"


def test_every_changed_character_of_the_credit_code_is_found() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for place in range(18):
        for other in alphabet:
            if other != USCC[place]:
                with pytest.raises(VerificationError) as caught:
                    make(USCC[:place] + other + USCC[place + 1 :], "ABCD")
                assert caught.value.code == "label.provider_code"


@pytest.mark.parametrize(
    "bad", ["", "0021" + USCC + "1ABCD", "0011" + USCC + "3ABCD", "0011" + USCC + "1ABC", "0011" + USCC + "1ABC中"]
)
def test_other_forms(bad: str) -> None:
    with pytest.raises(VerificationError):
        parse(bad)
