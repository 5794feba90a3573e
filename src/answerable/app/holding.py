# SPDX-License-Identifier: Apache-2.0
"""Actions that wait for people, as the service keeps them: who is told and reminded, what is planted among them, and
that what was planted is opened in the log when it is over.

Nothing of what was asked goes to a hook, a metric or this log: approvers look with `answerable holds show`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.app.core import Core
from answerable.app.redlines import run_hook
from answerable.control.routes.holds import sown
from answerable.control.services import Services
from answerable.errors import AnswerableError
from answerable.model.holds import Hold, HoldState
from answerable.model.units import Effect, Space
from answerable.telemetry.metrics import Metrics
from answerable.tools import planted, votes
from answerable.tools.holds import GROUP, Holds
from answerable.tools.people import agreed

EVERY_S: Final = 15.0
MAX_HOOKS: Final = 8  # commands at a time
MINUTE_MS: Final = 60_000
MAX_PREPARED: Final = 1 << 20  # bytes of a file with arguments that ought to be rejected
PROBLEM: Final = "hold.waiting"
WAVES: Final = "hold.waved"

log: Final = logging.getLogger("answerable.holds")


class Prepared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of `holds.planted_folder`."""

    server: str
    tool: str
    arguments: dict[str, Any]
    why: str


def holds_of(core: Core) -> Holds:
    """As the configuration says."""
    config = core.config.holds
    return Holds(
        core.book,
        core.keys.index,
        expires_ms=config.expires_minutes * MINUTE_MS,
        most_waiting=config.most_waiting,
        kept=core.config.store.payloads,
        read=core.reader.payload,
    )


class Keeper:
    """policy: digest of the policy of now. One event loop."""

    def __init__(self, core: Core, policy: Callable[[], str]) -> None:
        self.holds = holds_of(core)
        self._core = core
        self._config = core.config.holds
        self._policy = policy
        self._services: Services | None = None
        self._said: dict[str, int] = {}  # rid of a hold -> how often its approvers were reminded
        self._due: list[tuple[int, str]] = []  # (instant, rid of the real hold) of what is to be planted
        self._tasks: set[asyncio.Task[None]] = set()
        self._new: list[str] = []
        self.holds.watch()
        core.watch(self._applied, Space.HELD)

    def bind(self, services: Services) -> None:
        """What plants need, once it is there."""
        self._services = services

    def measure(self, metrics: Metrics) -> None:
        metrics.gauge("answerable_holds_waiting", "Actions that wait for people.", lambda: len(self.waiting()))
        metrics.gauge(
            "answerable_holds_oldest_seconds",
            "How long the oldest of them has waited.",
            lambda: max(((self._core.now - hold.at) // 1000 for hold in self.waiting()), default=0),
        )
        metrics.gauge(
            "answerable_approvers_waving",
            "Approvers who let most of what ought to be rejected through.",
            lambda: sum(row.waves for row in planted.record(self.holds)),
        )

    def waiting(self) -> list[Hold]:
        """What people have yet to decide about."""
        now, policy = self._core.now, self._policy()
        return [
            hold for hold in self.holds.waiting(now, policy=policy) if self.holds.state(hold, now) is HoldState.WAITING
        ]

    def problems(self) -> dict[str, str]:
        """What the status tells: holds that approvers were reminded of in vain, and approvers who wave through."""
        late = {f"hold {hold.rid}": PROBLEM for hold in self.waiting() if self._level(hold) >= 2}
        waves = {f"approver {row.name}": WAVES for row in planted.record(self.holds) if row.waves}
        return late | waves

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self.round()
                except Exception:  # a defect of one round does not end the telling and reminding of all others
                    log.exception("a round of holds failed")
                await asyncio.sleep(EVERY_S)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def round(self) -> None:
        """Tell what is new, remind, plant what is due, open what is over."""
        new, self._new = self._new, []
        for rid in new:
            self._mix(rid)
        for hold in self.waiting():
            level = self._level(hold)
            if self._said.get(hold.rid, -1) < level:
                self._said[hold.rid] = level
                self._tell(hold, level)
        standing = {hold.rid for hold in self.waiting()}
        self._said = {rid: level for rid, level in self._said.items() if rid in standing}
        await self._plant()
        await self._open()

    def _level(self, hold: Hold) -> int:
        """How often its approvers should have been reminded: after the configured time, twice that, four times."""
        age, step, level = self._core.now - hold.at, self._config.remind_minutes * MINUTE_MS, 0
        while age >= step:
            level, step = level + 1, step * 2
        return level

    def _tell(self, hold: Hold, level: int) -> None:
        have = len(agreed(self._core.book, hold))
        say = log.info if not level else log.warning
        say("hold %s of %s %s waits for people (%d of %d)", hold.rid, hold.server, hold.tool, have, hold.people)
        self._hook(
            {
                "kind": "hold.reminder" if level else "hold.waiting",
                "hold": hold.rid,
                "system": hold.system,
                "server": hold.server,
                "tool": hold.tool,
                "rule": hold.rule,
                "people": hold.people,
                "roles": [role.value for role in hold.roles],
                "have": have,
                "at": hold.at,
                "expires": hold.exp,
                "reminders": level,
            }
        )

    def _hook(self, what: dict[str, Any]) -> None:
        if not self._config.hook:
            return
        if len(self._tasks) >= MAX_HOOKS:
            log.error("the hook is too slow: %s is not told to it", what["kind"])
            return
        task = asyncio.get_running_loop().create_task(run_hook(self._config.hook, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _applied(self, effects: tuple[Effect, ...]) -> None:
        for hold in self.holds.follow(effects):
            if not (hold.votes or hold.planted or hold.spent):
                self._new.append(hold.rid)

    def _mix(self, rid: str) -> None:
        """Whether one is planted for this real hold is drawn; when, too, so that it does not follow at once."""
        if secrets.randbelow(100) < self._config.planted:
            within = self._config.planted_within_minutes * MINUTE_MS
            self._due.append((self._core.now + secrets.randbelow(within + 1), rid))

    async def _plant(self) -> None:
        now = self._core.now
        due = [rid for at, rid in self._due if at <= now]
        self._due = [each for each in self._due if each[0] > now]
        for rid in due:
            hold = self.holds.get(rid)
            if hold is None or self._services is None:
                continue
            fitting = [each for each in self._prepared() if (each.server, each.tool) == (hold.server, hold.tool)]
            if not fitting:
                continue
            chosen = secrets.choice(fitting)
            try:
                await sown(self._services, hold.rid, chosen.arguments, chosen.why)
            except AnswerableError as error:
                log.warning("nothing was planted for %s %s: %s", hold.server, hold.tool, error.code)

    def _prepared(self) -> list[Prepared]:
        found = []
        for path in sorted(Path(self._config.planted_folder).expanduser().glob("*.json")):
            try:
                if path.stat().st_size > MAX_PREPARED:
                    raise ValueError("too long")
                found.append(msgspec.convert(json.loads(path.read_bytes()), Prepared))
            except (OSError, ValueError, RecursionError, msgspec.ValidationError) as error:
                log.error("%s is no hold to plant: %s", path, error)
        return found

    async def _open(self) -> None:
        """What was planted and ended undecided is opened in the log all the same."""
        for hold in planted.over(self.holds, self._core.now):
            kept = await self._core.reader.payload(hold.rid, GROUP)
            kind = (kept[0], kept[1]) if kept is not None and kept[1] is not None else None
            try:
                leaf = votes.opening(hold, kind, self._core.now)
                await self._core.ledger.commit(planted.close(self._core.book, hold, leaf))
            except AnswerableError as error:
                log.warning("that hold %s was planted could not be opened in the log: %s", hold.rid, error.code)
