# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.tools import names


@pytest.mark.parametrize("name", ["getUser", "DATA_EXPORT_v2", "admin.tools.list", "a", "x" * 128, "pay-out"])
def test_what_mcp_allows(name: str) -> None:
    assert names.fits(name)


@pytest.mark.parametrize(
    "name",
    ["", "x" * 129, "pay out", "pay/out", "pay\n", "p\u0430y", "\uff50ay", "付款", "pay\u200b", "pay,now",
     "answerable_result", "ANSWERABLE_result"],
)  # fmt: skip
def test_what_is_no_name(name: str) -> None:
    assert not names.fits(name), "a letter of another script, a hidden one, or the gate's own beginning"


@pytest.mark.parametrize(
    ("name", "fits"),
    [("desk", True), ("my-desk_2", True), ("Desk", False), ("-desk", False), ("a/b", False), ("", False)],
)
def test_names_of_servers(name: str, fits: bool) -> None:
    assert names.server_fits(name) is fits


@pytest.mark.parametrize(
    ("one", "other"),
    [("send_mail", "send_mai1"), ("send_mail", "send-mail"), ("getUser", "getuser"), ("p0st", "post"), ("warn", "wam"),
     ("window", "VVindow"), ("list", "Iist")],
)  # fmt: skip
def test_what_is_taken_for_one_another(one: str, other: str) -> None:
    assert names.skeleton(one) == names.skeleton(other)
    assert names.skeleton(one) != names.skeleton(one + "x")
    assert names.lookalikes([one, other, "far"], {one}) == {other: one}, "a person stands for the first"
    assert set(names.lookalikes([one, other, "far"])) == {one, other}, "nobody stands for either"
    assert names.lookalikes([other], {one}) == {other: one}, "the first is not even listed any more"


def test_a_strangers_name_can_be_printed() -> None:
    assert names.printable("p\u0430y\u202e\n") == "p\\u0430y\\u202e\n"
    assert len(names.printable("\u202e" * 500)) == 128
