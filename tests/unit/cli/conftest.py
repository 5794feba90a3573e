# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from answerable.cli import main
from tests.unit.control.house import House


@dataclass(frozen=True)
class Said:
    """What a command left: its exit status and both streams."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("house") / "store")
    yield made
    made.close()


@pytest.fixture
def run(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as a user would, over the house's store if the test has one."""
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("ANSWERABLE_AS", raising=False)

    def go(*words: str) -> Said:
        here = ["--store", str(request.getfixturevalue("house").store)] if "house" in request.fixturenames else []
        status = main([*here, *words])
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return go
