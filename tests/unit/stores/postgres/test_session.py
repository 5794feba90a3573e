# SPDX-License-Identifier: Apache-2.0
"""One connection, used as a blocking one, over a real server."""

from __future__ import annotations

import asyncio
import builtins
from typing import Any

import pytest

from answerable.stores.postgres.address import Address
from answerable.stores.postgres.session import Session
from tests.ledger import unavailable
from tests.postgres import Server, address


def test_statements_and_scripts(postgres: Server) -> None:
    session = Session(address(postgres, postgres.database()))
    session.script("CREATE TABLE t (a bigint, b bytea); INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    assert [tuple(row) for row in session.rows("SELECT a, b FROM t WHERE a > $1 ORDER BY a", 0)] == [
        (1, b"x"),
        (2, b"y"),
    ]
    assert session.row("SELECT a FROM t WHERE a = $1", 3) is None
    with unavailable("store.missing"):
        session.rows("SELECT * FROM nowhere")
    assert session.row("SHOW statement_timeout")[0] == "30s"
    assert session.row("SHOW default_transaction_isolation")[0] == "read committed"
    session.close()
    session.close()


def test_a_script_stands_or_falls_as_a_whole(postgres: Server) -> None:
    session = Session(address(postgres, postgres.database()))
    with unavailable("store.failed"):
        session.script("CREATE TABLE t (a bigint); SELECT 1 / 0")
    with unavailable("store.missing"):
        session.rows("SELECT * FROM t")
    session.close()


async def test_it_works_where_a_loop_runs(postgres: Server) -> None:
    session = Session(address(postgres))
    assert session.row("SELECT 7")[0] == 7
    assert (await asyncio.to_thread(session.row, "SELECT 8"))[0] == 8
    session.close()


def test_what_it_lost_stays_lost_until_it_is_told_to_connect(postgres: Server) -> None:
    its = address(postgres)
    session, other = Session(its), Session(its)
    (pid,) = session.row("SELECT pg_backend_pid()")
    other.rows("SELECT pg_terminate_backend($1)", pid)
    for _ in range(2):
        with unavailable("store.unreachable"):
            session.row("SELECT 1")
    session.connect()
    assert session.row("SELECT 1")[0] == 1
    session.drop()
    with unavailable("store.unreachable"):
        session.script("SELECT 1")
    session.close()
    other.close()


def test_a_reading_session_writes_nothing_and_comes_back(postgres: Server) -> None:
    its = address(postgres, postgres.database())
    session, other = Session(its, reading=True), Session(its)
    with unavailable("store.failed"):
        session.script("CREATE TABLE t (a bigint)")
    (pid,) = session.row("SELECT pg_backend_pid()")
    other.rows("SELECT pg_terminate_backend($1)", pid)
    with unavailable("store.unreachable"):
        session.row("SELECT 1")
    assert session.row("SELECT 1")[0] == 1
    session.close()
    other.close()


def test_what_must_be_sure_is_not_taken_with_a_warning(postgres: Server) -> None:
    session = Session(address(postgres, postgres.database()))
    session.script(
        "CREATE SCHEMA answerable; CREATE FUNCTION answerable.warn() RETURNS integer LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE WARNING 'perhaps'; RETURN 7; END $$"
    )
    assert session.row("SELECT warn()")[0] == 7
    with unavailable("store.failed"):
        session.row_for_sure("SELECT warn()")
    assert session.row_for_sure("SELECT 8")[0] == 8
    session.close()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql:///x?host=/nowhere", "store.unreachable"),
        ("postgresql://127.0.0.1:1/x", "store.unreachable"),
    ],
)
def test_a_server_that_is_not_there(url: str, code: str) -> None:
    with unavailable(code):
        Session(Address(url))


def test_a_database_or_role_that_is_not_there(postgres: Server) -> None:
    with unavailable("store.missing"):
        Session(address(postgres, "nothing"))
    with unavailable("store.denied"):
        Session(address(postgres, role="nobody"))


def test_without_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "asyncpg":
            raise ImportError
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with unavailable("store.driver"):
        Session(Address("postgresql:///x"))
