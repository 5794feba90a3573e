# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.cli.doctor import FAIL, OK, WARN
from answerable.cli.doctor_database import look
from answerable.config import Config, load
from tests.postgres import Server, postgres_store

RIGHTS = """
CREATE ROLE {0} LOGIN; GRANT USAGE ON SCHEMA answerable, answerable_payloads TO {0};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA answerable TO {0}
"""


def config(path: Path, url: str = "", **more: object) -> Config:
    flags = {"store.path": str(path), "store.url": url} | {f"store.{name}": value for name, value in more.items()}
    return load(environ={}, flags=flags).config


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")


def test_a_store_of_files_has_none(tmp_path: Path) -> None:
    assert list(look(config(tmp_path))) == []


def test_a_role_that_could_rewrite_the_log_is_a_warning(tmp_path: Path, postgres: Server) -> None:
    database = postgres.database()
    postgres_store(postgres, database)(tmp_path).close()
    found = list(look(config(tmp_path, postgres.url(database))))
    assert [f.state for f in found] == [OK, WARN, OK]
    assert "18" in found[0].what
    role = f"r_{database}"
    postgres.sql(RIGHTS.format(role), database)
    assert [f.state for f in look(config(tmp_path, postgres.url(database, role)))] == [OK, OK]
    found = list(look(config(tmp_path, postgres.url(database, role), unsafe_server=True)))
    assert [f.state for f in found] == [OK, WARN, OK]


@pytest.mark.parametrize("url", ["postgresql:///x?host=/nowhere", "mysql://x"])
def test_what_cannot_be_reached_is_a_failure_with_its_remedy(tmp_path: Path, url: str) -> None:
    (found,) = look(config(tmp_path, url))
    assert found.state == FAIL
    assert found.remedy


def test_a_server_that_forgets_and_a_store_that_is_none(tmp_path: Path, postgres: Server) -> None:
    database = postgres.database()
    (found,) = look(config(tmp_path, postgres.url(database)))
    assert found.state == FAIL
    postgres_store(postgres, database)(tmp_path).close()
    role = f"r_{database}"
    postgres.sql(RIGHTS.format(role) + f"; ALTER ROLE {role} SET synchronous_commit = off", database)
    (found,) = look(config(tmp_path, postgres.url(database, role)))
    assert "synchronous_commit" in found.what
