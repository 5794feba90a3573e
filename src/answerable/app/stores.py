# SPDX-License-Identifier: Apache-2.0
"""Which store the configuration means: a folder, or a folder and a PostgreSQL database.

The folder is there in both cases: it holds keys, people's cards, the trust file and the socket.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from answerable.app.keys import read_private
from answerable.config import Config
from answerable.errors import Refused, Unavailable
from answerable.ports import Store, StoreView
from answerable.stores.database import connect_reading
from answerable.stores.reads import LogReads
from answerable.stores.sqlite import LOG_FILE, SqliteStore
from answerable.stores.view import SqliteView

if TYPE_CHECKING:
    from answerable.stores.postgres.address import Address

MAX_PASSWORD: Final = 1024  # bytes


class LogHalf(Protocol):
    """Of a store, what is public about its log."""

    def head(self) -> tuple[int, bytes]: ...

    def leaves(self, start: int, end: int) -> list[bytes]: ...

    def tile(self, level: int, n: int) -> bytes: ...

    def close(self) -> None: ...


def address(config: Config) -> Address | None:
    """Where the database is; None for a SQLite store. Raises Refused ``config.value``, ``log.key`` for a password file
    that others can read."""
    settings = config.store
    if not settings.url:
        return None
    from answerable.stores.postgres.address import parse

    password = None
    if settings.password_file:
        path = Path(settings.password_file).expanduser()
        try:
            password = read_private(path, MAX_PASSWORD)
        except OSError as error:
            raise Refused("config.value", detail=f"store.password_file {path}: {error.strerror}") from None
    return parse(settings.url, schema=settings.schema, password=password, unsafe=settings.unsafe_server)


def open_store(config: Config, payload_key: bytes) -> Store:
    """The existing store, to be written by this process alone. Raises Unavailable ``store.*``, Refused
    ``config.value``."""
    where = _checked(config)
    if where is None:
        return SqliteStore.open(config.store_path, payload_key=payload_key)
    from answerable.stores.postgres.store import PostgresStore

    return PostgresStore.open(config.store_path, where, payload_key=payload_key)


def create_store(config: Config, payload_key: bytes) -> Store:
    """A new, empty store. Raises Refused ``store.exists``, ``config.value``, Unavailable ``store.*``."""
    where = address(config)
    if where is None:
        return SqliteStore.create(config.store_path, payload_key=payload_key)
    from answerable.stores.postgres.store import PostgresStore

    return PostgresStore.create(config.store_path, where, payload_key=payload_key)


def probe(config: Config) -> None:
    """Look, before anything is written, whether `create_store` can make one: the server answers, keeps what it
    acknowledges, and has none yet. Raises as `create_store`."""
    where = address(config)
    if where is None:
        return
    from answerable.stores.postgres import schema
    from answerable.stores.postgres.session import Session

    session = Session(where)
    try:
        schema.makeable(session)
    finally:
        session.close()


def open_view(config: Config, payload_key: bytes) -> StoreView:
    """A reader beside whoever serves the store, or of one that is not served. Raises Unavailable ``store.*``."""
    where = _checked(config)
    if where is None:
        if not (config.store_path / LOG_FILE).is_file():
            raise Unavailable("store.missing", path=str(config.store_path))
        return SqliteView(config.store_path, payload_key)
    from answerable.stores.postgres.view import PostgresView

    return PostgresView(config.store_path, where, payload_key)


def open_log(config: Config) -> LogHalf:
    """The log alone, for programs that hold no key. Raises Unavailable ``store.*``."""
    where = _checked(config)
    if where is None:
        return _SqliteLog(config.store_path)
    from answerable.stores.postgres.reads import StoredLog

    return StoredLog(where)


class _SqliteLog(LogReads):
    def __init__(self, path: Path) -> None:
        if not (path / LOG_FILE).is_file():
            raise Unavailable("store.missing", path=str(path))
        self._file = connect_reading(path / LOG_FILE)
        super().__init__(self._file)

    def close(self) -> None:
        self._file.close()


def _checked(config: Config) -> Address | None:
    """A folder of one kind is never taken for one of the other: its keys would open nothing."""
    from answerable.stores.postgres.store import made

    path = config.store_path
    if config.store.url and (path / LOG_FILE).is_file():
        raise Refused("config.value", detail=f"store.url is set, and {path} has a log of its own")
    if not config.store.url and made(path) and not (path / LOG_FILE).is_file():
        raise Refused("config.value", detail=f"{path} belongs to a database: name it with store.url")
    return address(config)
