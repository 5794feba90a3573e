# SPDX-License-Identifier: Apache-2.0
"""Tables and versions, what a server must keep to, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from answerable.errors import Refused
from answerable.stores.postgres import schema
from answerable.stores.postgres.session import Session
from tests.ledger import EMPTY, unavailable
from tests.postgres import Server, address


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database()


@pytest.fixture
def session(postgres: Server, database: str) -> Iterator[Session]:
    made = Session(address(postgres, database))
    yield made
    made.close()


def test_it_is_made_once(session: Session) -> None:
    assert not schema.exists(session)
    with unavailable("store.missing"):
        schema.check(session)
    schema.make(session)
    assert schema.exists(session)
    schema.check(session)
    assert tuple(session.row("SELECT size, root, term FROM head")) == (0, EMPTY, 0)
    with pytest.raises(Refused) as refused:
        schema.make(session)
    assert refused.value.code == "store.exists"


def test_a_role_that_may_not_make_it(postgres: Server, database: str, session: Session) -> None:
    role = f"r_{database}"
    session.script(f"CREATE ROLE {role} LOGIN")
    other = Session(address(postgres, database, role))
    with unavailable("store.denied"):
        schema.make(other)
    session.script(
        f"CREATE SCHEMA answerable AUTHORIZATION {role}; CREATE SCHEMA answerable_payloads AUTHORIZATION {role}"
    )
    schema.makeable(other)
    schema.make(other)
    other.close()


def test_two_stores_in_one_database(postgres: Server, database: str, session: Session) -> None:
    schema.make(session)
    other = Session(address(postgres, database, schema="second"))
    assert not schema.exists(other)
    schema.make(other)
    other.rows("UPDATE head SET size = 7")
    assert session.row("SELECT size FROM head")[0] == 0
    schema.lock(session)
    schema.lock(other)  # each has its own
    other.close()


def test_schemas_that_an_administrator_made_are_used(session: Session) -> None:
    session.script("CREATE SCHEMA answerable; CREATE SCHEMA answerable_payloads")
    schema.make(session)
    assert schema.exists(session)


def test_versions_go_forward_only(session: Session) -> None:
    schema.make(session)
    steps = ["ALTER TABLE segment ADD note text", "ALTER TABLE segment DROP note"]
    schema.check(session, steps[:1])
    assert session.row("SELECT version FROM store")[0] == 2
    session.rows("SELECT note FROM segment")
    with unavailable("store.newer"):
        schema.check(session)
    with unavailable("store.failed"):
        schema.check(session, [steps[0], "ALTER TABLE segment DROP note; SELECT 1 / 0"])
    assert session.row("SELECT version FROM store")[0] == 2
    session.rows("SELECT note FROM segment")
    schema.check(session, steps)
    assert session.row("SELECT version FROM store")[0] == 3


@pytest.mark.parametrize(
    "role", ["ALTER ROLE {0} SET synchronous_commit = off", "ALTER ROLE {0} SET zero_damaged_pages = on"]
)
def test_a_server_that_may_forget_is_refused(postgres: Server, database: str, role: str) -> None:
    name = f"r_{database}"
    postgres.sql(f"CREATE ROLE {name} LOGIN SUPERUSER; " + role.format(name))
    session = Session(address(postgres, database, name))
    with unavailable("store.unsafe"):
        schema.sound(session)
    session.close()
    trying = Session(address(postgres, database, name, unsafe=True))
    schema.sound(trying)
    trying.close()


def test_a_weaker_wait_for_standbys_is_made_whole(postgres: Server, database: str) -> None:
    name = f"r_{database}"
    postgres.sql(f"CREATE ROLE {name} LOGIN; ALTER ROLE {name} SET synchronous_commit = local")
    session = Session(address(postgres, database, name))
    schema.sound(session)
    assert session.row("SHOW synchronous_commit")[0] == "on"
    session.close()


def test_one_holds_the_lock(postgres: Server, database: str, session: Session) -> None:
    schema.make(session)
    schema.lock(session)
    second = Session(address(postgres, database))
    with unavailable("store.locked"):
        schema.lock(second)
    session.drop()
    schema.lock(second)  # at once: the one before it is gone
    second.close()


def test_a_turn_ends_when_somebody_else_takes_one(session: Session) -> None:
    schema.make(session)
    mine = schema.take_turn(session, None, b"me")
    mine = schema.take_turn(session, mine, b"me")
    schema.take_turn(session, mine, b"me")
    assert schema.take_turn(session, mine, b"me") == mine + 2, "one that it took without hearing of it is its own"
    schema.take_turn(session, None, b"you")
    with unavailable("store.taken"):
        schema.take_turn(session, mine, b"me")
    session.rows("DELETE FROM head")
    with unavailable("store.damaged"):
        schema.take_turn(session, mine, b"me")
