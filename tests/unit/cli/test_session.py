# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse

import pytest

from answerable.cli.session import part, session, signers, url
from answerable.errors import Refused
from answerable.model.terms import AdminRole
from tests.unit.control.house import House


def test_paths_are_quoted() -> None:
    assert part("spiffe://d/system/x") == "spiffe%3A%2F%2Fd%2Fsystem%2Fx"
    assert url("/stops/preview", {"root": "a b", "scope": ""}) == "/control/v1/stops/preview?root=a+b"


def test_a_session_speaks_as_the_person_that_was_named(house: House) -> None:
    args = argparse.Namespace(store=str(house.store), config=None, who=["officer-1", "officer-2"])
    here = session(args)
    assert here.origin == "demo.invalid"
    assert here.get("/admins/self")["name"] == "officer-1"
    second = signers(args, AdminRole.OFFICER)[1]
    assert here.signed_by(second).get("/admins/self")["name"] == "officer-2"
    args.who = None
    assert session(args).person.name == "admin"
    with pytest.raises(Refused, match="officer-1, officer-2"):
        signers(args, AdminRole.OFFICER)
