# SPDX-License-Identifier: Apache-2.0
"""The database's tables and their versions; what a server must keep to; who the one writer is.

Migrations go forward only, each in one transaction with its version. A version that this program does not know is
refused.

The head row says whose turn it is: `term` goes up with each opening, and every append names the term under which it
was begun. So a process that lost its session cannot write beside its successor, whatever it still has on the way. The
advisory lock (PostgreSQL manual, section 13.3.5) tells the second process at once; the term is what keeps it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from answerable.errors import Refused, Unavailable
from answerable.stores.postgres.session import Session

OLDEST_SERVER: Final = 140000  # version 14; older ones are no longer kept up
LOCK_CLASS: Final = 0x616E736C  # "ansl"; the lock's other half is the schema's id
# {log} and {payloads} are the schemas' names, checked to need no quotes (`address.parse`).
# head: one row. segment: a row a batch, its leaves in C2SP entry bundle framing. tile: whole ones, and the right edge
# above level 0; the edge at level 0 is read from the leaves. recent: what the newest batches changed, folded into
# `state` every so often. payload: `payloads`. EXTERNAL: nothing here is worth compressing, and trying costs more than
# the disk.
TABLES: Final = """
CREATE TABLE "{log}".store (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL);
CREATE TABLE "{log}".head (one boolean PRIMARY KEY DEFAULT true CHECK (one), term bigint NOT NULL,
    holder bytea NOT NULL, batch bigint NOT NULL, size bigint NOT NULL, root bytea NOT NULL, note bytea NOT NULL)
    WITH (fillfactor = 20);
CREATE TABLE "{log}".segment (first bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE "{log}".tile (level smallint NOT NULL, n bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY (level, n));
CREATE TABLE "{log}".recent (batch bigint PRIMARY KEY, effects bytea NOT NULL);
CREATE TABLE "{log}".state (space text NOT NULL, key bytea NOT NULL, value bytea NOT NULL, PRIMARY KEY (space, key));
CREATE TABLE "{log}".reserve (filler char(400) NOT NULL);
CREATE TABLE "{payloads}".payload (first bigint NOT NULL, day integer NOT NULL, slot bigint NOT NULL,
    names bytea NOT NULL, body bytea NOT NULL, PRIMARY KEY (first, day));
CREATE INDEX payload_slot ON "{payloads}".payload (day, slot);
ALTER TABLE "{log}".segment ALTER data SET STORAGE EXTERNAL;
ALTER TABLE "{log}".tile ALTER data SET STORAGE EXTERNAL;
ALTER TABLE "{payloads}".payload ALTER names SET STORAGE EXTERNAL, ALTER body SET STORAGE EXTERNAL;
INSERT INTO "{log}".head VALUES
    (true, 0, '', 0, 0, decode('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'hex'), '');
INSERT INTO "{log}".store VALUES (true, {version});
"""
# From version 1 to 2 first; the version is one more than their number.
MIGRATIONS: Final[Sequence[str]] = ()
_SCHEMAS: Final = "SELECT nspname FROM pg_namespace WHERE nspname = any($1)"
_MAY_MAKE: Final = """
SELECT has_database_privilege(current_database(), 'CREATE')
    OR 2 = (SELECT count(*) FROM pg_namespace WHERE nspname = any($1) AND has_schema_privilege(oid, 'CREATE'))
"""
_STORE: Final = "SELECT 1 FROM pg_class WHERE relname = 'store' AND relnamespace = to_regnamespace($1)"
_LOCK: Final = "SELECT pg_try_advisory_lock($1, to_regnamespace($2)::oid::bigint::bit(32)::integer)"
_WAIT: Final = "SELECT pg_advisory_lock($1, to_regnamespace($2)::oid::bigint::bit(32)::integer)"
_TURN: Final = """
UPDATE head SET term = term + 1, holder = $2 WHERE $1::bigint IS NULL OR term = $1 OR holder = $2 RETURNING term
"""
# What must be on, and what must be off.
_ON: Final = ("fsync", "full_page_writes", "synchronous_commit")
_OFF: Final = ("data_sync_retry", "zero_damaged_pages", "ignore_checksum_failure")


def names(session: Session, text: str, migrations: Sequence[str] = MIGRATIONS) -> str:
    """`text` with the schemas' names and the version in it."""
    address = session.address
    return text.format(log=address.schema, payloads=address.payload_schema, version=1 + len(migrations))


def sound(session: Session) -> None:
    """Raises Unavailable ``store.unsafe`` for a server that may forget what it acknowledged, or that is a standby."""
    settings = {
        row["name"]: row["setting"]
        for row in session.rows("SELECT name, setting FROM pg_settings WHERE name = any($1)", [*_ON, *_OFF])
    }
    wrong = [f"{name} is off" for name in _ON if settings.get(name) == "off"]
    wrong += [f"{name} is on" for name in _OFF if settings.get(name) == "on"]
    version, standby = session.row("SELECT current_setting('server_version_num')::integer, pg_is_in_recovery()")
    if standby:
        wrong.append("it is a standby")
    if version < OLDEST_SERVER:
        wrong.append(f"version {version // 10000} is older than {OLDEST_SERVER // 10000}")
    if wrong and not (session.address.unsafe and not standby):
        raise Unavailable("store.unsafe", server=session.address.server, detail=", ".join(wrong))
    if settings.get("synchronous_commit") in ("local", "remote_write"):
        # A standby that is waited for must have it on its disk too: that is what the server was set up for.
        session.script("SET synchronous_commit = on")


def exists(session: Session) -> bool:
    return session.row(_STORE, session.address.schema) is not None


def makeable(session: Session) -> None:
    """Look whether `make` can do its work. Raises as `make`."""
    address = session.address
    sound(session)
    if exists(session):
        raise Refused("store.exists", path=address.server)
    if not session.row(_MAY_MAKE, [address.schema, address.payload_schema])[0]:
        raise Unavailable("store.denied", server=address.server, detail="no right to make a schema")


def make(session: Session) -> None:
    """Lay out an empty store, whole or not at all. Raises Refused ``store.exists``, Unavailable ``store.*``."""
    address = session.address
    makeable(session)
    wanted = (address.schema, address.payload_schema)
    there = {row["nspname"] for row in session.rows(_SCHEMAS, list(wanted))}
    begun = "".join(f'CREATE SCHEMA "{name}";' for name in wanted if name not in there)
    session.script(begun + names(session, TABLES))


def check(session: Session, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the tables to the present version. Raises Unavailable ``store.missing``, ``store.newer``, ``store.*``."""
    known = 1 + len(migrations)
    row = session.row("SELECT version FROM store") if exists(session) else None
    if row is None:
        raise Unavailable("store.missing", path=session.address.server)
    if row["version"] > known:
        raise Unavailable("store.newer", found=row["version"], known=known)
    for version in range(row["version"], known):
        step = names(session, migrations[version - 1], migrations)
        session.script(f"{step};UPDATE store SET version = {version + 1} WHERE version = {version}")  # noqa: S608  two numbers


def lock(session: Session) -> None:
    """Take the lock of the one serving process, which goes with the session. Raises Unavailable ``store.locked``: also
    while a process that was killed is not quite gone, after a short wait."""
    its = (LOCK_CLASS, session.address.schema)
    if not session.row(_LOCK, *its)[0]:
        session.row(_WAIT, *its)


def take_turn(session: Session, term: int | None, holder: bytes) -> int:
    """The next term; from here on nobody writes under an earlier one, and what was on its way is decided. term: the one
    that this process had, None at its start; holder: its name, by which it knows a turn that it took without hearing of
    it. Raises Unavailable ``store.taken`` if somebody else had a turn since."""
    row = session.row_for_sure(_TURN, term, holder)
    if row is None:
        if session.row("SELECT term FROM head") is None:
            raise Unavailable("store.damaged", detail="no head")
        raise Unavailable("store.taken", path=session.address.server)
    return int(row["term"])
