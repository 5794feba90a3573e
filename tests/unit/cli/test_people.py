# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app.people import Person, write
from answerable.cli.people import choose
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.model.terms import AdminRole


def store(path: Path, **people: AdminRole) -> Path:
    for name, role in people.items():
        write(path / "people", Person(name, "k-" + name, (role,), Key.generate()))
    return path


def test_the_one_whose_roles_suffice_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSWERABLE_AS", raising=False)
    here = store(tmp_path, ann=AdminRole.ADMINISTRATOR, bob=AdminRole.OFFICER)
    assert choose(here, None, AdminRole.OPERATOR).name == "ann"
    assert choose(here, None, AdminRole.OFFICER).name == "bob"
    assert choose(here, "bob", AdminRole.VIEWER).name == "bob"
    assert choose(here, str(here / "people" / "ann.json"), AdminRole.VIEWER).kid == "k-ann"
    monkeypatch.setenv("ANSWERABLE_AS", "bob")
    assert choose(here, None, AdminRole.VIEWER).name == "bob"


def test_nobody_orders_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSWERABLE_AS", raising=False)
    here = store(tmp_path, bob=AdminRole.OFFICER, eve=AdminRole.OFFICER)
    with pytest.raises(Refused, match="bob, eve"):
        choose(here, None, AdminRole.OFFICER)
    for name, role in (("nobody", AdminRole.VIEWER), (None, AdminRole.ADMINISTRATOR)):
        with pytest.raises(Refused) as none:
            choose(here, name, role)
        assert (none.value.code, none.value.exit) == ("admin.no_key", 2)
