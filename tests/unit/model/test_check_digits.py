# SPDX-License-Identifier: Apache-2.0
from answerable.model.check_digits import as_digits, lei_check, organisation_check, uscc_check


def test_the_standards_own_examples() -> None:
    assert organisation_check("D2143569") == "X", "GB 11714, the example of its annex"
    assert uscc_check("91350100M000100Y4") == "3", "GB 32100, a published code"
    assert lei_check("506700GE1G29325QX3") == "63", "the identifier of the foundation that keeps the register"


def test_letters_are_two_digits() -> None:
    assert as_digits("A1Z") == 10135
