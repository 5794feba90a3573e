# SPDX-License-Identifier: Apache-2.0
"""Red lines as a part of the service: the watch, its weekly tests, the reminders of reports that law asks for, and the
hook that tells whoever is on call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from answerable.app.core import Core
from answerable.app.keys import detector_key
from answerable.app.planting import Planting
from answerable.app.watching import Watching
from answerable.control.routes.incidents import ClockShown, due
from answerable.control.routes.redlines import DAY_MS, Trial, last_trial, overdue, testable
from answerable.control.services import Services
from answerable.errors import AnswerableError, Refused
from answerable.model.records import Incident
from answerable.model.units import Put, Space, Unit
from answerable.pipeline.endings import named
from answerable.redlines.table import lines

ROUND_S: Final = 20.0
HOOK_S: Final = 30.0
MAX_HOOKS: Final = 8
SINCE: Final = "redlines.since"
# How many reminders of a clock were given: `redlines.reminded:<incident>/<clock>`.
REMINDED: Final = "redlines.reminded:"
_log = logging.getLogger("answerable.redlines")


class RedLines:
    """Made with the service, bound to its control plane by `bind`, run until cancelled."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._config = core.config.redlines
        self._hooks: set[asyncio.Task[None]] = set()
        self._services: Services | None = None
        self._planting: Planting | None = None
        self.watching = Watching(
            book=core.book,
            ledger=core.ledger,
            reader=core.reader,
            clock=core.clock,
            config=self._config,
            origin=core.origin,
            key=lambda: detector_key(core.config.store_path),
            told=self._told,
        )
        core.ledger.hearers.append(self.watching.heard)

    def bind(self, services: Services) -> None:
        """The control plane that events come in through."""
        self._services = services
        self._planting = Planting(self._core, services)

    def wake(self) -> None:
        """`control.services.Watch`."""
        self.watching.wake()

    async def test(self, wanted: Sequence[str]) -> list[Any]:
        """`control.services.Watch`. Raises Unavailable ``log.*``."""
        return list(await self._planting.test(wanted)) if self._planting is not None else []

    def problems(self) -> dict[str, str]:
        """What is wrong with the watch now, and which reports are due: name -> code."""
        found = {f"detector {name}": "redline.detector_failed" for name in self.watching.desk.failed}
        if self.watching.failure:
            found["red lines"] = self.watching.failure
        found |= {f"red lines, leaf {its}": code for its, code in self.watching.passed.items()}
        if self._services is None:
            return found
        now = self._core.now
        for line in self._every():
            if overdue(self._services, line, now):
                known = last_trial(self._services, line)
                failed = known is not None and not known.found
                found[f"red line {line}"] = "redline.test_failed" if failed else "redline.untested"
        for each in due(self._services):
            code = "incident.overdue" if each.overdue else "incident.due"
            found[f"report {each.clock.name} ({each.incident[:8]}), {each.clock.written}"] = code
        return found

    async def run(self) -> None:
        """For as long as the service runs."""
        watch = asyncio.create_task(self.watching.run())
        try:
            while True:
                try:
                    await self.round()
                except Exception as raised:  # noqa: BLE001  a defect of one round does not end the watch beside it
                    _log.error("reminders and tests of red lines wait: %s", named(raised))
                await asyncio.sleep(ROUND_S)
        finally:
            watch.cancel()
            for hook in self._hooks:
                hook.cancel()
            await asyncio.gather(watch, *self._hooks, return_exceptions=True)

    async def close(self) -> None:
        """Write down how far the watch has come; before the ledger closes."""
        with contextlib.suppress(AnswerableError):
            await self.watching.save()

    async def round(self) -> None:
        """Remind of what is due, and test what was not tested for too long. Raises Unavailable ``log.*``."""
        now = self._core.now
        since = self._core.book.raw(Space.MISC, SINCE)
        if since is None:
            await self._core.ledger.commit(Unit(effects=(Put(Space.MISC, SINCE, str(now).encode()),)))
            return
        if self._services is None:
            return
        for each in due(self._services):
            await self._remind(each)
        if self._config.auto_test:
            oldest = now - self._config.test_days * DAY_MS
            stale = [line for line in self._every() if self._last(line, int(since)) < oldest]
            if stale:
                for outcome in await self.test(stale):
                    if isinstance(outcome, Trial) and not outcome.found:
                        self._hook("detector.failed", msgspec.to_builtins(outcome))

    def _every(self) -> list[str]:
        """All that is tested: red lines, and text detectors that bring a test."""
        return [*lines(), *(testable(self._services) if self._services is not None else ())]

    def _last(self, line: str, since: int) -> int:
        known = last_trial(self._services, line) if self._services is not None else None
        return known.at if known is not None else since

    async def _remind(self, each: ClockShown) -> None:
        key = f"{REMINDED}{each.incident}/{each.clock.name}/{each.clock.due}"
        given = int(self._core.book.raw(Space.MISC, key) or b"0")
        if each.reminders <= given:
            return
        row = Put(Space.MISC, key, str(each.reminders).encode())
        await self._core.ledger.commit(Unit(effects=(row,)))
        code = "incident.overdue" if each.overdue else "incident.due"
        _log.warning("%s", Refused(code, clock=each.clock.name, due=each.clock.written))
        self._hook("report.overdue" if each.overdue else "report.due", msgspec.to_builtins(each))

    def _told(self, row: Incident) -> None:
        self._hook("incident", msgspec.to_builtins(row) | {"name": _name(row)})

    def _hook(self, kind: str, what: dict[str, Any]) -> None:
        if not self._config.hook:
            return
        if len(self._hooks) >= MAX_HOOKS:
            _log.error("the hook is too slow: %s is not told to it", kind)
            return
        task = asyncio.get_running_loop().create_task(run_hook(self._config.hook, {"kind": kind, **what}))
        self._hooks.add(task)
        task.add_done_callback(self._hooks.discard)


async def run_hook(command: str, what: dict[str, Any]) -> None:
    """Run the operator's command with `what` as JSON on its stdin. What it says or does is its own affair; one that
    does not end is killed."""
    try:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        _log.error("the hook did not start: %s", error)
        return
    try:
        async with asyncio.timeout(HOOK_S):
            await process.communicate(msgspec.json.encode(what))
        if process.returncode:
            _log.error("the hook ended with %d", process.returncode)
    except TimeoutError:
        _log.error("the hook did not end within %d s", HOOK_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _name(row: Incident) -> str:
    line = lines().get(row.line)
    return line.name if line is not None else row.line
