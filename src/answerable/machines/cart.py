# SPDX-License-Identifier: Apache-2.0
"""The simulated cart as a process of its own: body, motor, brake and watchdog here, ears and judgement in a child.

SIGUSR1 is the switch on the cart by which a person takes it over, SIGUSR2 gives it back. It brakes here, whatever the
child does. The trace, one line a turn (monotonic ms, x, speed, whether the watchdog brakes), is what an independent
observer of the cart would have seen.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Final

import msgspec

from answerable.errors import AnswerableError, Unavailable
from answerable.machines import settings
from answerable.machines.frames import device_id
from answerable.machines.machine import Drive
from answerable.machines.plant import Plant
from answerable.machines.settings import Settings
from answerable.machines.station import mono_ms

TURN_S: Final = 0.01
END_S: Final = 2.0

_drive = msgspec.json.Decoder(Drive).decode
_encode = msgspec.json.encode


class Cart:
    """The actuator's loop. path: of the settings, which the child reads too."""

    def __init__(self, given: Settings, path: Path) -> None:
        self._given, self._path = given, path
        self.plant = Plant(braking=given.braking, watchdog_ms=given.watchdog_ms, x=given.start)
        self._link, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._link.setblocking(False)
        self.ending = False
        try:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "answerable.machines.station", str(path), str(far.fileno())],
                pass_fds=(far.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise Unavailable("device.transport", detail=error.strerror or "the station did not start") from None
        finally:
            far.close()

    def run(self) -> int:
        """Until SIGTERM or SIGINT; 1 if the child ended by itself, once the cart stands."""
        with contextlib.ExitStack() as stack:
            trace = stack.enter_context(Path(self._given.trace).open("w")) if self._given.trace else None
            try:
                while not self.ending:
                    self.turn(trace)
                    if self.child.poll() is not None and self.plant.seen.speed == 0:
                        return 1
                    time.sleep(TURN_S)
            finally:
                self._end(trace)
        return 0

    def turn(self, trace: IO[str] | None = None) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while data := self._link.recv(4096):
                self.plant.drive = _drive(data)
        mono = mono_ms()
        seen = self.plant.step(mono)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            self._link.send(_encode(seen))
        if trace is not None:
            trace.write(f"{mono} {seen.x} {seen.speed} {int(self.plant.tripped)}\n")
            trace.flush()

    def press(self, number: int) -> None:
        """The switch: it brakes here at once, and the child is told who has the cart."""
        self.plant.switch = number == signal.SIGUSR1
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(number)

    def _end(self, trace: IO[str] | None) -> None:
        """Stand, then let go."""
        self.plant.switch = True
        until = time.monotonic() + END_S
        while self.plant.seen.speed != 0 and time.monotonic() < until:
            self.turn(trace)
            time.sleep(TURN_S)
        self.child.terminate()
        try:
            self.child.wait(END_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self._link.close()


def run(path: Path) -> int:
    """Run the cart of a settings file. Raises Refused ``config.value``, ``log.key``."""
    given = settings.read(path)
    print(f"cart {device_id(given.signer().public)} at {given.wire}", flush=True)
    cart = Cart(given, path)

    def end(_number: int, _frame: object) -> None:
        cart.ending = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda got, _frame: cart.press(got))
    return cart.run()


if __name__ == "__main__":
    try:
        sys.exit(run(Path(sys.argv[1])))
    except AnswerableError as error:
        sys.exit(f"{error.code}: {error}")
