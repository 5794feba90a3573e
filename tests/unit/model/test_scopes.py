# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.model.scopes import FORM, covers, overlap, permits, within


def test_a_scope_names_tools_whole() -> None:
    assert permits(("bank/pay",), "bank/pay")
    assert permits(("bank/*",), "bank/pay")
    assert permits(("*",), "bank/pay")
    assert not permits((), "bank/pay")
    assert not permits(("bank/pay",), "bank/pays")
    assert not permits(("bank/p*", "b*/pay", "ban", "bank", "bank/"), "bank/pay")
    assert not permits(("bank/*",), "bank2/pay")
    assert not permits(("Bank/pay", "bank/Pay"), "bank/pay")


def test_what_lies_within_what() -> None:
    assert covers(("*",), "*")
    assert covers(("*",), "bank/*")
    assert covers(("bank/*",), "bank/*")
    assert covers(("bank/*",), "bank/pay")
    assert not covers(("bank/*",), "*")
    assert not covers(("bank/pay",), "bank/*")
    assert within((), ())
    assert within(("bank/pay", "map/*"), ("bank/*", "map/*"))
    assert not within(("bank/pay", "*"), ("bank/*", "map/*"))
    assert overlap(("*",), ("bank/*", "map/way")) == ("bank/*", "map/way")
    assert overlap(("bank/*",), ("bank/pay", "map/way")) == ("bank/pay",)
    assert overlap(("bank/pay",), ("map/way",)) == ()


def test_the_form_of_a_pattern() -> None:
    for good in ("*", "bank/*", "bank/pay", "a.b-c_d/Pay.2_x-y"):
        assert FORM.fullmatch(good), good
    for bad in ("", "bank", "bank/", "/pay", "bank/pay*", "*/pay", "bank/pay/now", "bänk/pay", "bank/pay\n", "Bank/x"):
        assert not FORM.fullmatch(bad), bad
