# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from answerable.model.terms import Criticality
from answerable.ports import Group, directory
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(directory) == {
        "Reach": {
            "__contains__",
            "__iter__",
            "__len__",
            "by_twins",
            "copies",
            "digest_count",
            "digest_list",
            "groups",
            "parties",
            "running",
            "without",
        },
        "Directory": {
            "admin",
            "admins",
            "by_digest",
            "by_number",
            "called",
            "changes",
            "children",
            "copies_of",
            "count",
            "copy",
            "domain",
            "handle",
            "odd",
            "party",
            "raw",
            "reach",
            "rows",
            "stop_set",
            "stops",
            "system",
            "systems",
            "users",
            "where",
        },
    }


def test_a_group_is_a_value_that_nobody_changes() -> None:
    group = Group(tier=2, worlds=(), criticality=Criticality.ORDINARY, systems=3, copies=1)
    assert group == Group(2, (), Criticality.ORDINARY, 3, 1)
    with pytest.raises(FrozenInstanceError):
        group.copies = 2  # type: ignore[misc]
