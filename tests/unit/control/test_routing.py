# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.control.routes import ROUTES
from answerable.control.routing import By, Call, Route
from answerable.errors import Refused
from answerable.model.terms import AdminRole


async def nothing(services: object, call: object) -> None: ...


def test_a_number_is_bounded() -> None:
    assert Call(None, query={}).number("count", 7) == 7
    assert Call(None, query={"count": "12"}).number("count", 7) == 12
    for text in ("-1", "1001", "x", "1e3", "٣", "9" * 40):
        with pytest.raises(Refused, match=r"admin\.request"):
            Call(None, query={"count": text}).number("count", 7)


def test_a_call_without_a_person_has_nobody_to_name() -> None:
    with pytest.raises(Refused, match=r"admin\.unsigned"):
        _ = Call(None).by


def test_names_come_from_the_code() -> None:
    assert Route("GET", "/x", AdminRole.VIEWER, nothing, None, "X.").name.endswith("_nothing")


# What is signed in the body is believed or not, whoever carries it.
SIGNED = {"warrants_ask", "stops_give_signed", "stops_release_signed", "redlines_tell", "pulses_give"}


def test_what_changes_anything_needs_more_than_looking() -> None:
    # Questions too long, or too private, for a query.
    looks = {"who_who", "trace_trace", "text_marks_find", "data_about", "policy_explain_action"}
    signed = {
        "data_grant",
        "data_revoke",
        "data_read",
        "calls_settle",
        "holds_vote",
    }  # whose signatures stand in the body decides
    for route in ROUTES:
        others = looks | signed | SIGNED
        if route.method != "GET" and route.needs is not By.COPY and route.name not in others:
            assert route.needs not in (AdminRole.VIEWER, By.ANYONE), route.name
    assert {route.name for route in ROUTES if route.needs is By.ANYONE} == {
        "status_alive", "status_openapi", "pulses_orders", "pulses_newest", *SIGNED,
    }  # fmt: skip
