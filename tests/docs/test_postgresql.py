# SPDX-License-Identifier: Apache-2.0
"""The page on PostgreSQL is followed from its first command to its last, against a real server, with records written
between backup and restore."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import asyncpg
import pytest

from answerable.registry.ids import unassigned_lei
from tests.docs.console import Session, blocks
from tests.e2e.places import Place, cli, running
from tests.house.tree import ROOT
from tests.ledger import DAY_MS, append, closing, opening
from tests.postgres import Server, store_at
from tests.postgres import running as running_server

PAGE = ROOT / "docs" / "operate" / "postgresql.md"
OPERATOR = unassigned_lei("postgresql")


def sections() -> dict[str, str]:
    parts = re.split(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture
def server(fresh_data: Path) -> Iterator[Server]:
    with running_server(fresh_data) as made:
        yield made


@pytest.fixture
def home(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a user whose server listens where PGHOST says."""
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        for name, value in {
            "HOME": folder,
            "PGHOST": str(server.folder),
            "PGUSER": "postgres",
            "OPERATOR": OPERATOR,
            "ANSWERABLE_LANG": "en",
            "PATH": f"{Path(sys.executable).parent}:{server.bin}:{os.environ['PATH']}",
        }.items():
            monkeypatch.setenv(name, value)
        yield Path(folder)


@pytest.mark.timeout(300)
def test_the_page_from_making_to_restoring(home: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    page = sections()
    config = home / "answerable.toml"

    def follow(session: Session, name: str) -> None:
        for block in blocks(page[name]):
            session.run(block)

    def serve() -> AbstractContextManager[Place]:
        return running(("serve", "--port", "0", "--config", str(config)), home / "store")

    monkeypatch.setenv("ANSWERABLE_STORE_GUARD", str(home / "guard"))
    with Session(home, home, os.environ) as session:
        follow(session, "Make it")
        with serve() as place:
            register(place, "before")
        follow(session, "Back up")
        with serve() as place:
            register(place, "after")
        newest = server.run("pg_dump", "-d", "records").stdout
        follow(session, "Restore")
        with serve() as place:
            assert names(place) == {"before"}
            refused = place.cli("register", "--name", "x", "--version", "1", "--party", f"{OPERATOR}:deployer",
                                "--kind", "model", "--capability", "text", "--petaflop", "1", expect=None)  # fmt: skip
            assert refused["error"]["code"] == "log.stopped"
        server.sql("DROP SCHEMA answerable, answerable_payloads CASCADE", "records")
        server.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", "records", input=newest)
        assert cli("log", "fsck", "--store", str(home / "store"), "--config", str(config))["sound"] is True
        with serve() as place:
            assert names(place) == {"before", "after"}
            register(place, "again")


def names(place: Place) -> set[str]:
    return {name for name in ("before", "after", "again") if f'"{name}"' in json.dumps(place.cli("ls"))}


def register(place: Place, name: str) -> None:
    place.cli("register", "--name", name, "--version", "1", "--party", f"{OPERATOR}:deployer",
              "--kind", "model", "--capability", "text", "--petaflop", "1")  # fmt: skip


def test_the_page_names_what_the_server_must_keep_to() -> None:
    from answerable.stores.postgres import schema

    text = sections()["What the server must keep to"]
    assert all(f"`{name}`" in text for name in (*schema._ON, *schema._OFF))


def test_the_rights_of_the_page_suffice_and_no_leaf_can_be_changed(postgres: Server, tmp_path: Path) -> None:
    """Everything that a store does, under the role that serves."""
    database = postgres.database()
    owner, role = f"o_{database}", f"r_{database}"
    postgres.sql(f"CREATE ROLE {owner} LOGIN; CREATE ROLE {role} LOGIN; ALTER DATABASE {database} OWNER TO {owner};")
    store_at(postgres.url(database, owner))(tmp_path).close()
    (grants,) = (
        block.steps[0].command for block in blocks(sections()["Make it"]) if "GRANT USAGE" in block.steps[0].command
    )
    sql = grants.partition("<<'SQL'\n")[2].removesuffix("SQL")
    postgres.sql(sql.replace("TO answerable;", f"TO {role};"), database, owner)
    store = store_at(postgres.url(database, role))(tmp_path)
    rids = []
    for number in range(140):  # more than two folds
        unit, its = opening()
        append(store, unit, expires=(5 + number % 2) * DAY_MS)
        rids.append(its)
    assert store.erase([(0, rids[0])]) == 1
    while store.sweep(6 * DAY_MS, {rids[2]}.__contains__):
        pass
    assert store.spend_reserve()
    store.reopen()
    append(store, closing(rids[1]))
    view = store.view()
    assert [view.payload(rid, "in") is not None for rid in rids[:4]] == [False, True, True, True]
    view.close()
    for forbidden in (
        "DELETE FROM answerable.segment",
        "UPDATE answerable.segment SET data = ''",
        "TRUNCATE answerable.segment",
        "DELETE FROM answerable.tile",
        "DELETE FROM answerable.head",
        "DROP TABLE answerable.segment",
        "CREATE TABLE answerable.more (a integer)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            postgres.sql(forbidden, database, role)
    store.close()
    postgres.sql(f"ALTER DATABASE {database} OWNER TO postgres;")
    postgres.sql(f"REASSIGN OWNED BY {owner} TO postgres; DROP OWNED BY {owner}, {role};", database)
    postgres.sql(f"DROP ROLE {owner};")
