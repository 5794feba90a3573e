# SPDX-License-Identifier: Apache-2.0
"""Whatever the bytes, the guard's readers answer with their own errors or a value that holds together."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Refused
from answerable.guard import cgroup, enrolment
from answerable.guard.probe import capabilities
from tests.unit.guard.test_enrolment import enrolment as an_enrolment

GOOD = msgspec.json.encode(an_enrolment())
LINES = st.lists(st.text(alphabet="0123456789/ -:cgroup2\\\t", max_size=80), max_size=10).map("\n".join)


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    read(data)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_a_good_one_changed(at: int, put: bytes) -> None:
    read(GOOD[:at] + put + GOOD[at + len(put) :])


def read(data: bytes) -> None:
    try:
        found = enrolment.parse(data)
    except Refused as error:
        assert error.code == "guard.enrolment"  # noqa: PT017
    else:
        assert found.identity().issuers
        assert found.trust().issuers == found.identity().issuers


@given(LINES | st.text(max_size=200))
def test_what_the_kernel_never_writes_is_no_cgroup_and_no_error(text: str) -> None:
    found = cgroup.root(text)
    assert found is None or isinstance(found, Path)
    assert isinstance(cgroup.own(text), str)


@given(st.text(alphabet="CapEf:\t0123456789abcdef\n", max_size=60))
def test_capabilities_of_any_status(text: str) -> None:
    try:
        assert capabilities(text) >= 0
    except (ValueError, IndexError):
        assert "CapEff:" in text
