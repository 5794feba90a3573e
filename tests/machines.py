# SPDX-License-Identifier: Apache-2.0
"""A site of real processes: a cart (actuator and station), an on-site issuer, who leads the cart; and what cuts them.

The cart's trace is the independent observer: it is written by the actuator's process, which knows no warrants.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

from answerable.admission.clocks import ClockMode
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.guard.enrolment import Enrolment, write
from answerable.machines.settings import Settings
from answerable.machines.site_file import SiteFile
from answerable.machines.site_file import write as write_site
from answerable.machines.station import mono_ms, now_ms
from answerable.model.envelopes import EnvelopeCopy, Motion, Zone
from tests.brokers import Mosquitto, free_port
from tests.fleet import GATEWAY, ISSUER
from tests.small_site import (
    AUDIENCE,
    COPY,
    COPY_KEY,
    COPY_RID,
    DEVICE_KEY,
    PERSON,
    PERSON_KEY,
    SITE,
    SITE_KEY,
    SYSTEM,
    envelope,
    envelope_token,
)
from tests.unit.admission.a_stop import ISSUER as ISSUER_KEY
from tests.unit.admission.a_stop import KID, ORIGIN

SPEED = 500
START_S = 60.0
WATCHDOG_MS = 500  # the longest: tests share two cores with much else
TRACK = Zone(x0=-10_000, x1=1_000_000, y0=-500, y1=500)
GUARD_COPY, GUARD_RID = SYSTEM + "/copy/2", "d" * 32
GUARD_SEED = hashlib.sha256(b"key guard copy").digest()
# What a program that leads a machine by itself needs, and a guard would take from it.
WITHOUT = ("netns", "landlock", "landlock-tcp", "landlock-scopes", "mountns", "seccomp", "unix-sockets", "own-uid")
SEED = hashlib.sha256(b"key cart copy").digest()
# Copies that lead in turn: who leads next need not wait until a killed one's warrant has ended.
LEADERS = (
    ("cart.guard", COPY, COPY_RID, SEED),
    *(
        (f"cart{n}.guard", f"{SYSTEM}/copy/{n}", f"{n}" * 32, hashlib.sha256(f"leader {n}".encode()).digest())
        for n in range(3, 6)
    ),
)


class Cut:
    """A TCP way between two sides that can be cut without a word: bytes are no longer carried."""

    def __init__(self, port: int) -> None:
        self.target, self.port = port, free_port()
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._writers: list[asyncio.StreamWriter] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._thread.start()
        self._ready.wait(10)

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def reset(self) -> None:
        """Break the connections, as a cable that is pulled and noticed."""
        self._loop.call_soon_threadsafe(self._abort)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def _run(self) -> None:
        async def main() -> None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self._ready.set()

        self._loop.run_until_complete(main())
        self._loop.run_forever()
        self._abort()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, far_writer]
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65_536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


class Place:
    """transport: ``zenoh`` or ``mqtt``. life: of the envelope, ms."""

    def __init__(self, folder: Path, transport: str, *, life: int = 600_000) -> None:
        self.folder, self.transport = folder, transport
        self.broker = Mosquitto(folder) if transport == "mqtt" else None
        port = self.broker.port if self.broker else free_port()
        self.cut = Cut(port)
        prefix = "mqtt:127.0.0.1:" if self.broker else "zenoh:tcp/127.0.0.1:"
        self.direct = f"{prefix}{port}#{b64u(DEVICE_KEY.public)}"
        self.at = f"{prefix}{self.cut.port}#{b64u(DEVICE_KEY.public)}"
        self.trace, self.journal = folder / "trace", folder / "journal"
        self.socket = folder / "site.sock"
        self._turn = -1
        self.running: list[subprocess.Popen[bytes]] = []
        DEVICE_KEY.save(folder / "device.key", purpose="device")
        SITE_KEY.save(folder / "site.key", purpose="onsite")
        PERSON_KEY.save(folder / "person.key", purpose="device")
        issuers = {KID: b64u(ISSUER_KEY.public)}
        settings = Settings(
            key=str(folder / "device.key"),
            wire=f"{prefix}{port}",
            audience=AUDIENCE,
            iss=ISSUER,
            origin=ORIGIN,
            issuers=issuers,
            watchdog_ms=WATCHDOG_MS,
            systems=(SYSTEM,),
            people={PERSON: b64u(PERSON_KEY.public)},
            area=(TRACK,),
            max_speed=2_000,
            journal=str(self.journal),
            trace=str(self.trace),
        )
        (folder / "cart.json").write_bytes(msgspec.json.encode(settings))
        for name, copy, rid, seed in (("guard.guard", GUARD_COPY, GUARD_RID, GUARD_SEED), *LEADERS):
            enrolment = Enrolment(
                v=1,
                copy=copy,
                rid=rid,
                issuer=ISSUER,
                audience=GATEWAY,
                origin=ORIGIN,
                gateway="http://127.0.0.1:1/v1",
                planes=("unix:///nowhere",),
                issuers=issuers,
                clock=ClockMode.SAME_HOST,
                seed=b64u(seed),
            )
            write(folder / name, enrolment)
        assert COPY_KEY.public == Key.from_seed(SEED).public
        try:
            self.cart = self.start("device", "cart", "cart.json", said=b"cart ")
            self.site = self.begin_site(life)
        except BaseException:
            self.close()
            raise

    def begin_site(self, life: int) -> subprocess.Popen[bytes]:
        """The envelope begins now."""
        motion = Motion(area=(TRACK,), frame="tunnel", max_speed=1_500)
        copies = tuple(
            EnvelopeCopy(cpy=rid, key=b64u(Key.from_seed(seed).public), sub=copy)
            for copy, rid, seed in ((GUARD_COPY, GUARD_RID, GUARD_SEED), *(each[1:] for each in LEADERS))
        )
        base = envelope(now_ms(), life)
        text = envelope_token(msgspec.structs.replace(base, motion=motion, copies=copies, aud=(*base.aud, GATEWAY)))
        file = self.folder / f"{now_ms()}.envelope"
        write_site(file, SiteFile(v=1, token=text, origin=ORIGIN, issuers={KID: b64u(ISSUER_KEY.public)}))
        self.socket.unlink(missing_ok=True)
        options = ("--key", "site.key", "--socket", "site.sock", "--clock", "same-host")
        return self.start("onsite", "run", str(file), *options, said=SITE.encode())

    def start(self, *args: str, said: bytes) -> subprocess.Popen[bytes]:
        """An `answerable` process that has said so much on stdout."""
        with (self.folder / "errors").open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "answerable.cli", *args],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "ANSWERABLE_LANG": "en"},
            )
        self.running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(said), (line, (self.folder / "errors").read_text())
        return process

    def drive(self, speed: int = SPEED, *, guarded: bool = False, within_s: float = START_S) -> subprocess.Popen[bytes]:
        """Who leads the cart, or the guard around it; returns once it drives with that speed."""
        until = time.monotonic() + within_s
        self._turn = (self._turn + 1) % len(LEADERS)
        leader = LEADERS[self._turn][0]
        words = ["device", "drive", self.at, "--enrolment", leader, "--on-site", "site.sock", "--site", SITE]
        words += ["--speed", str(speed)]
        if guarded:
            open_ = [word for name in WITHOUT for word in ("--unsafe-without", name)]
            guard = [
                "guard",
                "--enrolment",
                "guard.guard",
                "--on-site",
                f"unix://{self.socket}",
                "--site",
                SITE,
                *open_,
            ]
            guard += ["--user", pwd.getpwuid(os.getuid()).pw_name, "--evidence", str(self.folder / "evidence")]
            words = [*guard, "--", sys.executable, "-m", "answerable.cli", *words]
        while True:
            process = self.start(*words, said=b"")
            while process.poll() is None and time.monotonic() < until:
                if self.last()[2] == speed:
                    return process
                time.sleep(0.02)
            if time.monotonic() >= until:
                self.end(process, signal.SIGKILL)
            assert time.monotonic() < until, (self.last(), (self.folder / "errors").read_text())
            time.sleep(0.2)  # another boot of the same copy may still hold a warrant of 2 s

    def lines(self) -> list[tuple[int, int, int, int]]:
        """(monotonic ms, x, speed, whether the watchdog brakes), oldest first."""
        whole = self.trace.read_text().splitlines()
        rows = [line.split() for line in whole if line.count(" ") == 3]
        return [(int(t), int(x), int(v), int(w)) for t, x, v, w in rows]

    def last(self) -> tuple[int, int, int, int]:
        rows = self.lines() if self.trace.exists() else []
        return rows[-1] if rows else (0, 0, 0, 0)

    def stands_after(self, since: int, within_ms: int) -> int:
        """ms from `since` until the cart stood, as its trace shows, and stayed so for half a second."""
        until = since + within_ms + 3_000
        while mono_ms() < until:
            rows = [row for row in self.lines() if row[0] >= since]
            moving = [row[0] for row in rows if row[2] != 0]
            if rows and (not moving or rows[-1][0] - moving[-1] > 500):
                return (next(row[0] for row in rows if row[0] > moving[-1]) if moving else rows[0][0]) - since
            time.sleep(0.05)
        raise AssertionError(f"still moving: {self.last()}")

    def station(self) -> int:
        """pid of the cart's deciding half."""
        children = Path(f"/proc/{self.cart.pid}/task/{self.cart.pid}/children").read_text().split()
        return int(children[0])

    def end(self, process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(8)
        if process.poll() is None:
            process.kill()
            process.wait(5)
        if process.stdout is not None:
            process.stdout.close()

    def close(self) -> None:
        for process in reversed(self.running):
            self.end(process)
        self.cut.close()
        if self.broker is not None:
            with contextlib.suppress(Exception):
                self.broker.kill()


def signal_to(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
