# SPDX-License-Identifier: Apache-2.0
"""Whether an action stood inside its warrant and outside every stop, as far as leaves show it.

Renewals stand in the log by the minute, as one root: which warrant was renewed cannot be seen. So an action after its
first grant ended is asked for a batch of renewals that could have covered it. What a race can bring about (an order
that came while the open leaf was being written) is held against the action only if it was done all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import UNSET, structs

from answerable.model.leaves import CloseLeaf, OpenLeaf, RenewalsLeaf
from answerable.model.terms import Outcome, Role, Ruling
from answerable.verify.audit.facts import Memory, OpenFact, Suspicion, SystemFact, WarrantFact
from answerable.verify.audit.findings import Finding
from answerable.verify.audit.stopping import Stops, copy_ended

UNWARRANTED: Final = "monitor.unwarranted"
# A minute's batch may wait five minutes for the disk (`warrants.renewals`); after that renewals end, and so do copies.
RENEWALS_WITHIN_MS: Final = 6 * 60_000 + 10_000


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """An action that waits for a batch of renewals that covers it. exp, life: ms, of the warrant's first grant and of
    its class."""

    index: int
    rid: str
    t: int
    warrant: str
    exp: int
    life: int


class Acts:
    """One log's actions, in order. findings: where what is found is put."""

    def __init__(self, memory: Memory, stops: Stops, findings: list[Finding], deadline_ms: int) -> None:
        self._memory = memory
        self._stops = stops
        self._findings = findings
        self._deadline = deadline_ms
        self._due: list[Waiting] = []
        self._batch = (0, 0)  # the newest batch of renewals: t0, t

    def open(self, index: int, rid: str, leaf: OpenLeaf) -> None:
        """A decision. Refused and held ones do nothing, and have no end."""
        if leaf.dec != Ruling.PERMIT:
            return
        caller: SystemFact | None = self._memory.get("system", leaf.sys)
        via = "" if leaf.via is UNSET else leaf.via
        model: SystemFact | None = self._memory.get("system", via) if via else None
        suspicion: Suspicion | None = None
        sides = [(leaf.sys, leaf.war, caller)]
        if via:
            sides.append((via, "" if leaf.vwar is UNSET else leaf.vwar, model))
        for system_rid, warrant_rid, system in sides:
            warrant: WarrantFact | None = self._memory.get("warrant", warrant_rid) if warrant_rid else None
            if warrant is None or system is None:
                continue  # told as unregistered
            if warrant.system != system_rid:
                self._find(index, rid, leaf.t, "its warrant is of another system")
                continue
            self._lease(index, rid, leaf.t, warrant_rid, warrant)
            suspicion = suspicion or self._suspect(index, leaf.t, warrant, system)
        self._bounds(index, rid, leaf, caller, model)
        fact = OpenFact(
            index=index, t=leaf.t, system=leaf.sys, warrant=leaf.war, via=via,
            vwar="" if leaf.vwar is UNSET else leaf.vwar, suspicion=suspicion,
        )  # fmt: skip
        self._memory.put("open", rid, fact)

    def close(self, index: int, leaf: CloseLeaf) -> bool:
        """The end of an action; False if it ends none that is open."""
        fact: OpenFact | None = self._memory.get("open", leaf.open)
        if fact is None:
            return False
        self._memory.drop("open", leaf.open)
        if leaf.st != Outcome.DONE:
            return True
        if fact.suspicion is not None:
            self._findings.append(
                Finding(fact.suspicion.code, leaf.t, fact.index, leaf.open, dict(fact.suspicion.params))
            )
            return True
        for system_rid, warrant_rid in ((fact.system, fact.warrant), (fact.via, fact.vwar)):
            system: SystemFact | None = self._memory.get("system", system_rid) if system_rid else None
            warrant: WarrantFact | None = self._memory.get("warrant", warrant_rid) if warrant_rid else None
            if system is None or warrant is None:
                continue
            order = self._stops.reaching(system, warrant.copy, warrant.party, leaf.t)
            if order and self._stops.long_since(order, system, leaf.t):
                self._findings.append(Finding("monitor.stopped", leaf.t, fact.index, leaf.open, {"order": order}))
                break
        return True

    def renewed(self, leaf: RenewalsLeaf) -> None:
        """A batch of renewals: those that it can have covered are settled."""
        self._batch = (leaf.t0, leaf.t)
        self._due = [due for due in self._due if not _covers(leaf.t0, leaf.t, due.t, due.life)]

    def settle(self, now: int) -> None:
        """Report what is overdue at `now` (ms UTC)."""
        late = [due for due in self._due if now > due.t + RENEWALS_WITHIN_MS]
        for due in late:
            late_ms = due.t - due.exp
            detail = f"its warrant {due.warrant} had ended {late_ms} ms before, and no renewal recorded can cover it"
            self._find(due.index, due.rid, due.t, detail)
        if late:
            self._due = [due for due in self._due if now <= due.t + RENEWALS_WITHIN_MS]
        for rid, fact in self._memory.all("open"):
            # All of them: one leaf with a time of its own making must not hide those behind it.
            if not fact.told and fact.t <= now - self._deadline:
                seconds = (now - fact.t) // 1000
                self._findings.append(Finding("monitor.unclosed", fact.t, fact.index, rid, {"seconds": seconds}))
                self._memory.put("open", rid, structs.replace(fact, told=True))

    @property
    def pending(self) -> list[Waiting]:
        """What must outlive the process beside the memory: actions that wait for renewals."""
        return list(self._due)

    def resume(self, pending: Iterable[Waiting], batch: tuple[int, int]) -> None:
        self._due = list(pending)
        self._batch = batch

    @property
    def batch(self) -> tuple[int, int]:
        return self._batch

    def _lease(self, index: int, rid: str, t: int, grant: str, warrant: WarrantFact) -> None:
        if t > warrant.exp and not _covers(*self._batch, t, warrant.life):
            self._due.append(Waiting(index, rid, t, grant, warrant.exp, warrant.life))

    def _suspect(self, index: int, t: int, warrant: WarrantFact, system: SystemFact) -> Suspicion | None:
        if copy_ended(self._memory.get("copy", warrant.copy), index):
            return Suspicion(UNWARRANTED, {"detail": "the copy that held its warrant had ended"})
        order = self._stops.reaching(system, warrant.copy, warrant.party, t)
        return Suspicion("monitor.stopped", {"order": order}) if order else None

    def _bounds(
        self, index: int, rid: str, leaf: OpenLeaf, caller: SystemFact | None, model: SystemFact | None
    ) -> None:
        warrant: WarrantFact | None = self._memory.get("warrant", leaf.war)
        if warrant is None or caller is None:
            return
        if leaf.wld not in warrant.worlds:
            self._find(
                index, rid, leaf.t, f"it acted in the {leaf.wld} world, its warrant says {_list(warrant.worlds)}"
            )
        tier = max(caller.tier, caller.makers, model.tier if model else 0)
        if leaf.tier < tier or (leaf.tier > tier and caller.whole):
            self._find(index, rid, leaf.t, f"it was judged at tier {leaf.tier}, its systems are of tier {tier}")
        answers = {warrant.party}
        if caller.sold:
            answers |= {party for role, party in caller.roles if role == Role.DEPLOYER}
        if leaf.party not in answers:
            self._find(index, rid, leaf.t, "another party answers for it than its warrant names")

    def _find(self, index: int, rid: str, t: int, detail: str) -> None:
        self._findings.append(Finding(UNWARRANTED, t, index, rid, {"detail": detail}))


def _covers(t0: int, t: int, act: int, life: int) -> bool:
    """Whether a renewal between `t0` and `t` could have been in force at `act`."""
    return t0 <= act < t + life


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words) or "none"
