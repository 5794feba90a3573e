# SPDX-License-Identifier: Apache-2.0
"""How a program is brought to rest, in an order that is safe: the machine it leads, then the program, then force.

A machine that moves is not stopped by stopping its controller (IEC 60204-1, stop category 1): it is told to stop, and
stands still, before anything is frozen. Whatever the plan does or fails to do, its time is bounded and force follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from answerable.errors import AnswerableError, Unavailable

POLL_S: Final = 0.005
DEVICE_POLL_S: Final = 0.02
DEFAULT_GRACE_MS: Final = 1_000


class Seen(Protocol):
    @property
    def standstill(self) -> bool: ...


class Device(Protocol):
    """A machine that the program leads; the part of `ports.Device` that a guard needs."""

    async def stop(self, order: bytes = b"") -> Seen:
        """Return when braking has begun. Raises errors of ours."""

    async def state(self) -> Seen: ...


class Body(Protocol):
    """What is brought to rest. Implemented by `cage.Cage`."""

    def signal(self, number: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """grace_ms: for all of it together. devices: told to stop first, all at once. command: run outside, by the guard's
    user, with nothing but the reason in its environment. signals: sent one after the other, the time shared evenly."""

    grace_ms: int = DEFAULT_GRACE_MS
    devices: tuple[Device, ...] = ()
    command: tuple[str, ...] = ()
    signals: tuple[int, ...] = (signal.SIGTERM,)


@dataclass(slots=True)
class Done:
    """What came of it, for the evidence: step -> "done", "late" or what went wrong."""

    steps: dict[str, str] = field(default_factory=dict)

    @property
    def still(self) -> bool:
        """Every machine said that it stands still."""
        return all(said == "done" for name, said in self.steps.items() if name.startswith("device"))


async def carry_out(
    plan: Plan, body: Body, *, reason: str, ended: Callable[[], bool], final: bool = True, order: bytes = b""
) -> Done:
    """The plan, within its grace; returns early once `ended`. final: the program is to end, so it is signalled; else it
    will be frozen, and its machines and the command alone are told. order: the order's message, for machines that check
    it themselves."""
    done = Done()
    loop = asyncio.get_running_loop()
    until = loop.time() + plan.grace_ms / 1000
    machines = [_tell(done, f"device {n}", _rest(device, order), until) for n, device in enumerate(plan.devices, 1)]
    await asyncio.gather(*machines)
    if plan.command:
        await _tell(done, "command", _run(plan.command, reason), until)
    for n, number in enumerate(plan.signals if final else ()):
        if ended():
            break
        share = (until - loop.time()) / (len(plan.signals) - n)
        body.signal(number)
        done.steps[signal.Signals(number).name] = "done"
        stop = loop.time() + share
        while not ended() and loop.time() < stop:  # noqa: ASYNC110  what ends it is another process
            await asyncio.sleep(min(POLL_S, max(0.0, stop - loop.time())))
    return done


async def _rest(device: Device, order: bytes) -> None:
    """Tell it to stop, again where nobody answers, until its own sensor says that it stands."""
    seen: Seen | None = None
    while seen is None or not seen.standstill:
        try:
            seen = await (device.stop(order) if seen is None else device.state())
        except Unavailable:
            seen = None  # a message may be lost: it is told again
        except AnswerableError:
            if not order:
                raise
            order = b""  # it brakes at anyone's word; an order that it cannot check must not leave it unwatched
        await asyncio.sleep(DEVICE_POLL_S)


async def _tell(done: Done, name: str, what: Awaitable[object], until: float) -> None:
    try:
        async with asyncio.timeout_at(until):
            await what
        done.steps[name] = "done"
    except TimeoutError:
        done.steps[name] = "late"
    except AnswerableError as error:
        done.steps[name] = error.code
    except OSError as error:
        done.steps[name] = error.strerror or "failed"


async def _run(command: tuple[str, ...], reason: str) -> None:
    environ = {"PATH": os.environ.get("PATH", os.defpath), "ANSWERABLE_STOP": reason}
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
    )
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
        raise
    if status:
        raise OSError(0, f"status {status}")
