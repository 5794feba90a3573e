# SPDX-License-Identifier: Apache-2.0
"""One connection to the server, used as a blocking one: the store lives in a thread of its own.

The driver speaks asyncio. Its loop here is private and runs only while a statement runs, in the thread that asks, so
that a statement costs no change of threads. What a failed connection did is never guessed: the session is dead from
then on, and only `connect` makes a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from answerable.errors import Unavailable
from answerable.stores.postgres.address import Address
from answerable.stores.postgres.failures import failure

if TYPE_CHECKING:
    import asyncpg

CONNECT_S: Final = 10.0
# A statement that takes longer is given up: its outcome is what the store says after it was opened anew.
STATEMENT_S: Final = 30.0
CLOSE_S: Final = 5.0
# How long another session may hold a lock, ms: a process that was just killed is gone by then.
LOCK_MS: Final = 3000
_Result = TypeVar("_Result")

# The server lets go of a client that is gone within half a minute, and its locks with it. Its own limits stand in case
# this process hangs between two statements.
_SETTINGS: Final = {
    "application_name": "answerable",
    "client_min_messages": "warning",
    "default_transaction_isolation": "read committed",
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": f"{LOCK_MS}ms",
    "statement_timeout": f"{STATEMENT_S:.0f}s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


class Session:
    """One thread at a time. Every method raises Unavailable ``store.*``."""

    def __init__(self, address: Address, *, reading: bool = False) -> None:
        """reading: a session that cannot write, and that comes back by itself after the server was away."""
        self.address = address
        self._reading = reading
        self._loop = asyncio.new_event_loop()
        self._connection: asyncpg.Connection[Any] | None = None
        self._statements: dict[str, Any] = {}
        self._warnings = 0
        try:
            self.connect()
        except BaseException:
            self._loop.close()
            raise

    def connect(self) -> None:
        """A new connection in place of whatever there was."""
        self.drop()
        self._run(self._connect())

    def drop(self) -> None:
        """Let the connection go without a word: what it was doing may still come to pass."""
        connection, self._connection = self._connection, None
        self._statements = {}
        if connection is not None:
            self._run(_terminate(connection))

    def rows(self, sql: str, *arguments: object) -> list[Any]:
        """The rows of one prepared statement, which is a transaction of its own: durable when it returns."""
        return self._run(self._fetch(sql, arguments))

    def row(self, sql: str, *arguments: object) -> Any:
        """The first row, or None."""
        found = self.rows(sql, *arguments)
        return found[0] if found else None

    def row_for_sure(self, sql: str, *arguments: object) -> Any:
        """As `row`, for what must be on standbys too where the server waits for them: a wait that someone cancels ends
        well, with a warning, and what was written may be on the primary alone. Raises Unavailable ``store.failed`` for
        any warning: whether it was written is then to be asked again."""
        before = self._warnings
        found = self.row(sql, *arguments)
        if self._warnings != before:
            raise Unavailable("store.failed", detail="the server warned: perhaps no standby has it")
        return found

    def script(self, sql: str) -> None:
        """Several statements without arguments, as one transaction."""
        self._run(self._execute(sql))

    def close(self) -> None:
        """Close the connection in good order, as far as that goes, and the loop."""
        if self._loop.is_closed():
            return
        connection, self._connection = self._connection, None
        if connection is not None:
            self._run(_end(connection))
        self._loop.close()

    async def _connect(self) -> None:
        try:
            import asyncpg
        except ImportError:
            raise Unavailable("store.driver") from None
        path = f'"{self.address.schema}", "{self.address.payload_schema}", pg_temp'
        settings = _SETTINGS | {"search_path": path}
        try:
            self._connection = await asyncpg.connect(
                **self.address.options(), timeout=CONNECT_S, command_timeout=STATEMENT_S, server_settings=settings
            )
            self._connection.add_log_listener(self._heard)
            if self._reading:  # not before: a URL that asks for a server that can be written would find none
                await self._connection.execute("SET default_transaction_read_only = on")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
            raise failure(error, self.address.server) from error

    def _heard(self, _connection: object, message: Any) -> None:
        self._warnings += message.severity_en == "WARNING"

    async def _fetch(self, sql: str, arguments: Sequence[object]) -> list[Any]:
        import asyncpg

        connection = self._connection
        if self._reading and (connection is None or connection.is_closed()):
            await self._connect_again()
            connection = self._connection
        if connection is None:
            raise Unavailable("store.unreachable", server=self.address.server, detail="no connection")
        try:
            statement = self._statements.get(sql)
            if statement is None:
                statement = self._statements[sql] = await connection.prepare(sql)
            found: list[Any] = await statement.fetch(*arguments)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise failure(error, self.address.server) from error
        return found

    async def _connect_again(self) -> None:
        connection, self._connection = self._connection, None
        self._statements = {}
        if connection is not None:
            await _terminate(connection)
        await self._connect()

    async def _execute(self, sql: str) -> None:
        import asyncpg

        if self._connection is None:
            raise Unavailable("store.unreachable", server=self.address.server, detail="no connection")
        try:
            await self._connection.execute(sql)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise failure(error, self.address.server) from error

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._loop.run_until_complete(work)
        # Opening a store is asked for from a running loop's thread, which cannot run a second one.
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(self._loop.run_until_complete, work).result()


async def _terminate(connection: Any) -> None:
    connection.terminate()
    await asyncio.sleep(0)  # the transport closes in the loop's next turn


async def _end(connection: Any) -> None:
    import asyncpg

    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        await connection.close(timeout=CLOSE_S)
        return
    await _terminate(connection)
