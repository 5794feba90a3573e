# SPDX-License-Identifier: Apache-2.0
"""The drill: in each case a system is ordered to stop while something is broken. What still happened is read off the
sink's own clock and set beside the bound. ``python -m tests.partition.drill`` runs all cases and prints the table.

T_stop is the instant at which the control plane committed the order, on a clock that no case steps. An action is a call
that reached the sink; an effect is that, or a piece of a stream in flight that the gateway took. Beside each doomed
system another lineage acts on another gateway throughout: refusing everybody is no stop.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from answerable.admission.bound import Clocks, bound
from tests.disks import Disk, disk
from tests.partition.place import VALID_S, Place, Refusal, alive, frozen, wait_for

LIFE_MS = 2_000  # of the class `physical`
# Issuer and holders share one machine's clock, so no errors of wall clocks; delta is the code's own.
BOUND = bound("physical", LIFE_MS, Clocks())
AFTER_S = 1.5  # watched beyond the bound
QUIET_MS = 1_500  # the longest silence of the other lineage that is still acting throughout
VEIL = 7000
FED = ("GET /relay/v1/node/", "POST /relay/v1/node/")  # a node's questions: the registry by its feed, and warrants
ROLES = {"main", "child", "detached", "stream"}  # of the program's processes
GUARD_ENDS_S = 10.0  # after all else: its receipts are asked for 5 s long where nobody takes them
OUTAGE_S = 15.0  # longer than a warrant of the guard, and than a pulse
RENEWED_S = 26.0  # a warrant that lives a minute is renewed after a third of that, and a tenth of it more or less
GOES_ON_S = 10.0  # watched after the control plane's death: warrants have 30 s to live
WARM = 20  # acts before an order is given


@dataclass(slots=True)
class Seen:
    """One trial. Times in ms after T_stop; -1 for none after it. survivors: processes of the program that could still
    act; still: that stand in a frozen cgroup; acts: of the doomed system before the order; other: calls of the other
    lineage after it; silence: the longest that one was silent."""

    case: str
    action: int
    effect: int
    survivors: int
    still: int
    acts: int
    other: int
    silence: int
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def violations(self) -> int:
        return (self.action >= BOUND.admission) + (self.effect >= BOUND.effects) + bool(self.survivors)

    @property
    def silenced(self) -> bool:
        """Whether the other lineage was stopped too, for longer than a busy machine may hold it up."""
        return not self.other or self.silence >= QUIET_MS


class Drill:
    """One world, and case after case in it, each with a system of its own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._count = 0
        self.heard_s = 0.5  # how long the control plane lives on after an order, in `put_back`: holders hear of it

    # --- the parts of a case ----------------------------------------------------------------------------------------
    def doomed(self, planes: tuple[str, ...] = (), env: dict[str, str] | None = None) -> str:
        """A system whose guard, with a program that forks and detaches, acts through gw1; it does so already."""
        name = self.begun(planes, env)
        self.acting(name)
        return name

    def begun(
        self,
        planes: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        *,
        host: str = "a1",
        gateway: str = "gw1",
        disk: Disk | None = None,
    ) -> str:
        self._count += 1
        name = f"Doomed{self._count}"
        self.place.robot(name)
        self.place.enrol(name, gateway, planes)
        self.place.start_guard(name, host, env, disk=disk)
        return name

    def acting(self, name: str) -> None:
        """Wait until each of its processes acts, and often: a gateway that has just started waits for its witness."""

        def acts() -> bool:
            found = self.place.effects(name)
            return len(found) >= WARM and {who.split()[0] for _, who in found} >= ROLES

        wait_for(acts, 90.0)

    def acting_now(self, name: str) -> None:
        """Wait until it acts again."""
        since = time.time_ns()
        wait_for(lambda: self.place.effects(name, since), 60.0)

    def bystander(self) -> None:
        """The other lineage, at gw2. Its orders and pulses come from the pulse's own host too."""
        self.place.register("Bystander", "--kind", "application", "--uses", "Model")
        self.place.enrol("Bystander", "gw2", (self.place.plane, self.place.second))
        self.place.start_guard("Bystander", "a2")
        wait_for(lambda: self.place.effects("Bystander"))

    def order(self, name: str, count: int = 1) -> int:
        """Three officers terminate it, count: with so many copies; T_stop in ns since 1970."""
        officers = [word for n in (1, 2, 3) for word in ("--as", f"officer-{n}")]
        told = self.place.cli("stop", name, "--reason", "drill", "--count", str(count), *officers)
        return int(told["at"]) * 1_000_000

    def watch(self, case: str, name: str, stopped: int, **notes: Any) -> Seen:
        """Until well after the bound, then what was seen."""
        self.wait(stopped)
        return self.seen(case, name, stopped, **notes)

    def wait(self, stopped: int) -> None:
        left = stopped / 1e9 + BOUND.effects / 1000 + AFTER_S - time.time()
        time.sleep(max(0.0, left))

    def seen(
        self, case: str, name: str, stopped: int, *, streams: bool = True, other: tuple[str, ...] = ("Bystander",),
        **notes: Any,
    ) -> Seen:  # fmt: skip
        """other: the systems that it does not reach, of which the most silent counts; streams: whether pieces count as
        effects; not where the gateway itself is frozen: what the model server then writes lies in the kernel's buffers,
        and reaches nobody."""
        calls = self.place.effects(name)
        pieces = self.place.effects(name, what="piece") if streams else []
        left, now = alive(name), time.time_ns()
        others = [[when for when, _ in self.place.effects(each) if when > stopped] for each in other]
        gaps = [b - a for acts in others for a, b in zip([stopped, *acts], [*acts, now], strict=True)]
        return Seen(
            case=case,
            action=_after(calls, stopped),
            effect=_after(calls + pieces, stopped),
            survivors=len([pid for pid in left if not frozen(pid)]),
            still=len([pid for pid in left if frozen(pid)]),
            acts=sum(when <= stopped for when, _ in calls),
            other=min(map(len, others)),
            silence=max(gaps) // 1_000_000,
            notes={**notes, "states": self.place.states(name)},
        )

    def cleared(self, name: str) -> None:
        """After a case: what it left is taken away."""
        for host in ("a1", "gw1"):
            self.place.net.join(host)
        if program := self.place.programs.pop(name, None):
            program.signal(signal.SIGCONT)
            program.kill()

    # --- the cases --------------------------------------------------------------------------------------------------
    def healthy(self) -> Seen:
        name = self.doomed()
        try:
            return self.watch("healthy", name, self.order(name))
        finally:
            self.cleared(name)

    def partitioned(self) -> Seen:
        """Guard and gateway lose the control plane, and everything that it pushes, in the moment before the order."""
        name = self.doomed()
        try:
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            return self.watch("partitioned", name, self.order(name))
        finally:
            self.cleared(name)

    def push_lost(self) -> Seen:
        """Orders and pulses are swallowed on the guard's way, and warrants still come: the issuer refuses."""
        flag = self.place.folder / "veil"
        veil = self.place.start_veil("a1", VEIL, flag)
        name = self.doomed(planes=(f"http://127.0.0.1:{VEIL}",))
        try:
            flag.touch()
            self.place.net.cut("gw1")  # the gateway hears nothing either
            return self.watch("push lost", name, self.order(name))
        finally:
            flag.unlink(missing_ok=True)
            self.cleared(name)
            veil.kill()

    def stepped(self, seconds: int) -> Seen:
        """The wall clock of guard and gateway is set, in the middle of the partition."""
        file = self.place.folder / f"clock{self._count}"
        file.write_text("+0s\n")
        env = fake(file)
        self.place.programs["gw1"].end()
        self.place.start_gateway("gw1", env)
        name = self.doomed(env=env)
        try:
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            file.write_text(f"{seconds:+d}s\n")
            return self.watch(f"clock stepped {seconds:+d} s", name, self.order(name))
        finally:
            self.cleared(name)
            self.place.programs["gw1"].end()
            self.place.start_gateway("gw1")

    def frozen(self) -> Seen:
        """Guard and program are frozen before the order, and thawed after the bound."""
        name = self.doomed()
        try:
            guard = self.place.programs[name]
            before = [guard.process.pid, *alive(name)]
            for pid in before:
                _signal(pid, signal.SIGSTOP)
            stopped = self.order(name)
            time.sleep(max(0.0, stopped / 1e9 + BOUND.effects / 1000 + 0.3 - time.time()))
            thawed = time.time_ns()
            for pid in before:
                _signal(pid, signal.SIGCONT)
            time.sleep(AFTER_S)
            return self.seen("frozen and thawed", name, stopped, thawed_ms=(thawed - stopped) // 1_000_000)
        finally:
            self.cleared(name)

    def gateway_frozen(self) -> Seen:
        """The gateway is frozen with calls in flight, in a partition, and thawed after the bound."""
        name = self.doomed()
        try:
            gateway = self.place.programs["gw1"]
            self.place.net.cut("gw1")
            self.place.net.cut("a1")
            gateway.signal(signal.SIGSTOP)
            stopped = self.order(name)
            time.sleep(max(0.0, stopped / 1e9 + BOUND.effects / 1000 + 0.3 - time.time()))
            gateway.signal(signal.SIGCONT)
            time.sleep(AFTER_S)
            return self.seen("gateway frozen and thawed", name, stopped, streams=False)
        finally:
            self.place.programs["gw1"].signal(signal.SIGCONT)
            self.cleared(name)

    def guard_killed(self) -> Seen:
        """SIGKILL to the guard, in a partition, just before the order: nothing of its program lives on."""
        name = self.doomed()
        try:
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            self.place.programs[name].signal(signal.SIGKILL)
            return self.watch("guard killed", name, self.order(name))
        finally:
            self.cleared(name)

    def control_killed(self) -> Seen:
        """SIGKILL to the control plane as soon as the order is committed, in a partition of its holders; it stays dead
        until well after the bound. The other lineage goes on: its warrant lives a minute, and the pulse beats."""
        name = self.doomed()
        try:
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            stopped = self.order(name)
            self.place.programs["cp"].kill()
            return self.watch("control plane killed", name, stopped)
        finally:
            self.cleared(name)
            self.place.start_cp()

    def order_untold(self) -> Seen:
        """The moment between an order's commit and its telling, held open until every warrant was renewed in it: the
        control plane commits, says nothing to anyone but in answer to renewals, and is killed. All warrants then name
        an order that nobody alive was told of in any other way. The lineage that it does not reach goes on."""
        place, flag = self.place, self.place.folder / "veil"
        way, deaf = f"http://127.0.0.1:{VEIL}", ("pulse", "a2")
        veils = [place.start_veil(host, VEIL, flag, name=f"veil-{host}") for host in ("gw2", "sink")]
        place.programs["gw2"].end()
        place.start_gateway("gw2", only=way, beats=True)
        name, steady = self.doomed(), f"Steady{self._count}"
        muted = False
        try:
            place.register(steady, "--kind", "application", "--uses", "Model")
            place.enrol(steady, "gw2", (way, place.second))
            place.start_guard(steady, "sink")
            wait_for(lambda: place.effects(steady))
            before = place.known("gw2")
            flag.write_text("close")  # so that each turns to the pulse, which has heard nothing either
            for host in ("a1", "gw1"):
                place.net.cut(host)
            for host in deaf:
                place.net.mute("cp", host)
            muted = True
            stopped = self.order(name)
            told_at_once = place.known("gw2") - before
            time.sleep(max(0.0, stopped / 1e9 + RENEWED_S - time.time()))
            place.programs["cp"].kill()
            known, killed = place.known("gw2") - before, (time.time_ns() - stopped) // 1_000_000
            time.sleep(GOES_ON_S)
            found = self.seen("control plane killed, order untold", name, stopped, other=(steady,))
            found.notes |= {"killed_ms": killed, "told_at_once": told_at_once, "told_by_warrants": known}
            assert (told_at_once, known) == (0, 1), f"the window was not there: {found.notes}"
            return found
        finally:
            flag.unlink(missing_ok=True)
            if muted:
                for host in deaf:
                    place.net.unmute("cp", host)
            self.cleared(name)
            self.cleared(steady)
            place.start_cp()
            place.programs["gw2"].end()
            place.start_gateway("gw2")
            for veil in veils:
                veil.kill()

    def dead_man(self) -> Seen:
        """SIGKILL to the control plane and no order at all: who cannot renew stops. T_stop is its death."""
        name = self.doomed()
        try:
            stopped = time.time_ns()
            self.place.programs["cp"].kill()
            return self.watch("control plane killed, no order", name, stopped)
        finally:
            self.cleared(name)
            self.place.start_cp()

    def on_site(self) -> Seen:
        """An outage of guard and gateway, longer than warrants and pulse live, with on-site issuers for the caller and
        for the gateway's model: calls go on to the end of the envelope, and none is admitted after it. T_stop is its
        end, since nobody orders anything."""
        self._count += 1
        name = f"Doomed{self._count}"
        self.place.robot(name)
        copy = self.place.enrol(name, "gw1")
        served = wait_for(lambda: _served(self.place, "gw1"))
        try:
            taken = self.place.took_up("gw1")
            self.place.start_site("models", served, "gw1", 2 * OUTAGE_S + 30)
            wait_for(lambda: self.place.took_up("gw1") > taken, 30.0)
            limits = ("--area", "0,1000,0,1000", "--max-speed", "500")
            ends = self.place.start_site("hall", copy, "gw1", 2 * OUTAGE_S, *limits)
            self.place.start_guard(name, "a1", site="hall")
            self.acting(name)
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            cut = time.time()
            time.sleep(max(0.0, ends - time.time()))
            late = [when for when, _ in self.place.effects(name) if when / 1e9 > cut + VALID_S + 2]
            assert late, f"nothing went on once warrant and pulse had ended: {self.place.states(name)}"
            gaps = [b - a for a, b in pairwise([when for when, _ in self.place.effects(name) if when / 1e9 > cut])]
            return self.watch(
                "outage, on-site issuers", name, round(ends * 1e9), went_on=len(late), outage=round(ends - cut, 1),
                gap=max(gaps) // 1_000_000,
            )  # fmt: skip
        finally:
            self.cleared(name)
            for site in ("hall", "models"):
                if program := self.place.programs.pop(site, None):
                    program.kill()

    def disk_full(self) -> Seen:
        """The control plane's disk is full: the order is taken all the same, and holds."""
        name = self.doomed()
        filler = self.place.store / "filler"
        try:
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            size = fill(filler)
            return self.watch("disk full", name, self.order(name), filled=size)
        finally:
            filler.unlink(missing_ok=True)
            self.cleared(name)

    def gateway_disk_full(self) -> Seen:
        """The gateway's own disk is full: no record, no act, and the order holds whatever it can write."""
        name = self.doomed()
        filler = self.place.node("gw1").parent / "filler"
        try:
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            size = fill(filler)
            return self.watch("gateway's disk full", name, self.order(name), filled=size)
        finally:
            filler.unlink(missing_ok=True)
            self.cleared(name)
            self.place.programs["gw1"].end()
            self.place.start_gateway("gw1")

    def guard_disk_full(self) -> Seen:
        """The guard's evidence lies on a full disk."""
        with disk(self.place.folder / f"evidence{self._count}") as small:
            return self._on_disk("guard's disk full", small, small.fill)

    def guard_disk_hangs(self) -> Seen:
        """The guard's evidence lies on a disk that hangs: whoever writes to it cannot even be killed."""
        path = self.place.folder / f"evidence{self._count}"
        with disk(path, image=path.with_suffix(".image")) as slow:
            try:
                return self._on_disk("guard's disk hangs", slow, slow.hang)
            finally:
                slow.mend()

    def _on_disk(self, case: str, where: Disk, spoil: Callable[[], None]) -> Seen:
        """In a partition. The guard itself ends too, though nothing of what it says is written."""
        name = self.begun(disk=where)
        try:
            self.acting(name)
            self.place.net.cut("a1")
            self.place.net.cut("gw1")
            spoil()
            found = self.watch(case, name, self.order(name))
            status = self.place.programs[name].process.wait(GUARD_ENDS_S)
            assert status == 1, f"{case}: the guard ended with {status}"
            return found
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{case}: the guard itself did not end") from None
        finally:
            self.cleared(name)

    def old_snapshot(self) -> Seen:
        """The gateway's whole disk is put back to before the order, and it is started again without a way to the
        control plane; the guard is started again from its file. Then the way comes back."""
        name = self.doomed()
        place, folder = self.place, self.place.node("gw1").parent
        parts = ("gw1", "gw1.guard")
        old, new = place.folder / f"old{self._count}", folder / f"new{self._count}"
        try:
            for part in parts:
                self.snapshot("gw1", folder / part, old / part)
            time.sleep(0.5)
            place.net.cut("a1")
            place.net.cut("gw1")
            stopped = self.order(name)
            place.programs["gw1"].kill()
            place.programs[name].kill()
            new.mkdir()
            for part in parts:
                shutil.move(folder / part, new / part)
                shutil.copytree(old / part, folder / part)
            place.start_gateway("gw1")
            again = place.start_again(name, "a1")
            self.wait(stopped)
            place.net.join("a1")
            place.net.join("gw1")
            time.sleep(2.0)
            status = again.process.poll()
            return self.seen("restart from an old snapshot", name, stopped, guard_again=status)
        finally:
            self.cleared(name)
            place.programs["gw1"].end()
            for part in parts:
                if (new / part).exists():
                    shutil.rmtree(folder / part)
                    shutil.move(new / part, folder / part)
            place.start_gateway("gw1")

    def put_back(self) -> Seen:
        """The control plane is put back to a snapshot of its whole disk from before the order, and started again; the
        guard is started again too. Nothing is signed until the order is known again."""
        name = self.doomed()
        place, old = self.place, self.place.folder / f"disk{self._count}"
        try:
            self.snapshot("cp", place.store.parent, old)
            self.acting_now(name)
            stopped = self.order(name)
            time.sleep(self.heard_s)
            place.programs["cp"].kill()
            place.programs[name].kill()
            for entry in place.store.parent.iterdir():
                shutil.rmtree(entry)
            shutil.copytree(old, place.store.parent, dirs_exist_ok=True)
            place.start_cp()
            again = place.start_again(name, "a1")
            self.wait(stopped)
            time.sleep(3.0)
            status = again.process.poll()
            return self.seen("control plane put back", name, stopped, guard_again=status)
        finally:
            self.cleared(name)

    def put_back_fed(self) -> Seen:
        """The control plane is put back to a snapshot from before the order, killed in the moment in which one gateway,
        and nobody else, had heard of it, and that by the feed of the registry alone: no push, no pulse."""
        place, n = self.place, self._count
        flag, old = place.folder / "veil", place.folder / f"disk{n}fed"
        veil = place.start_veil("gw1", VEIL, flag, FED)
        place.programs["gw1"].end()
        place.start_gateway("gw1", only=f"http://127.0.0.1:{VEIL}")
        kept = place.node("gw1") / "orders.txt"
        name = self.doomed()
        try:
            self.snapshot("cp", place.store.parent, old)
            self.acting_now(name)
            flag.touch()
            for host in ("pulse", "gw2", "a1"):
                place.net.cut(host)
            before = kept.stat().st_size if kept.exists() else 0
            stopped = self.order(name)
            wait_for(lambda: kept.exists() and kept.stat().st_size > before, 2.0, 0.001)
            place.programs["cp"].kill()
            heard = (time.time_ns() - stopped) // 1_000_000
            place.programs[name].kill()
            for entry in place.store.parent.iterdir():
                shutil.rmtree(entry)
            shutil.copytree(old, place.store.parent, dirs_exist_ok=True)
            for host in ("pulse", "gw2", "a1"):  # nobody there has heard of it, and nobody is left who could tell them
                place.net.join(host)
            place.start_cp()
            back = (time.time_ns() - stopped) // 1_000_000
            flag.unlink()
            again = place.start_again(name, "a1")
            self.wait(stopped)
            time.sleep(3.0)
            found = self.seen(
                "control plane put back, fed",
                name,
                stopped,
                guard_again=again.process.poll(),
                heard_ms=heard,
                back_ms=back,
            )
            regained = wait_for(lambda: self.regained(), 20.0)
            found.notes["regained"] = regained
            return found
        finally:
            flag.unlink(missing_ok=True)
            for host in ("pulse", "gw2", "a1"):
                place.net.join(host)
            self.cleared(name)  # the next guard may start while the control plane listens: it waits
            place.programs["gw1"].end()
            place.start_gateway("gw1")
            veil.kill()

    def regained(self) -> int:
        """How many orders the log says came back, once nothing is to be regained any more; 0 before."""
        try:
            state = self.place.cli("recover", "status")
        except Refusal:  # its exit status says that something is still to be regained
            return 0
        return 0 if state["behind"] else int(state["epoch"])

    def at_once(self) -> list[Seen]:
        """Five cases side by side, for a short run: healthy and push lost at gw2; partitioned, guard killed, and frozen
        behind a cut at gw1."""
        flag = self.place.folder / "veil"
        self.place.start_veil("a2", VEIL, flag)
        healthy = self.begun(host="a2", gateway="gw2")
        lost = self.begun((f"http://127.0.0.1:{VEIL}",), host="a2", gateway="gw2")
        parted, killed, still = (self.begun() for _ in range(3))
        names = (healthy, lost, parted, killed, still)
        for name in names:
            self.acting(name)
        flag.touch()
        for host in ("a1", "gw1"):
            self.place.net.cut(host)
        self.place.programs[killed].signal(signal.SIGKILL)
        stood = [self.place.programs[still].process.pid, *alive(still)]
        for pid in stood:
            _signal(pid, signal.SIGSTOP)
        stops = {name: self.order(name) for name in reversed(names)}
        self.wait(max(stops.values()) - int(AFTER_S * 1e9))
        for pid in stood:
            _signal(pid, signal.SIGCONT)
        time.sleep(AFTER_S)
        titles = ("healthy", "push lost at the guard", "partitioned", "guard killed", "frozen and thawed")
        found = [self.seen(title, name, stops[name]) for title, name in zip(titles, names, strict=True)]
        for name in names:
            self.cleared(name)
        flag.unlink()
        return found

    def snapshot(self, name: str, of: Path, to: Path) -> None:
        """Copy the files of a program as a disk's snapshot would: at one instant, while it runs."""
        program = self.place.programs[name]
        program.signal(signal.SIGSTOP)
        try:
            shutil.copytree(of, to, ignore=shutil.ignore_patterns("*.sock"))
        finally:
            program.signal(signal.SIGCONT)

    def cases(self) -> dict[str, Callable[[], Seen]]:
        return {
            "healthy": self.healthy,
            "push lost": self.push_lost,
            "partitioned": self.partitioned,
            "clock stepped -5 s": lambda: self.stepped(-5),
            "clock stepped +5 s": lambda: self.stepped(5),
            "frozen and thawed": self.frozen,
            "gateway frozen and thawed": self.gateway_frozen,
            "guard killed": self.guard_killed,
            "control plane killed": self.control_killed,
            "control plane killed, order untold": self.order_untold,
            "control plane killed, no order": self.dead_man,
            "outage, on-site issuers": self.on_site,
            "disk full": self.disk_full,
            "gateway's disk full": self.gateway_disk_full,
            "guard's disk full": self.guard_disk_full,
            "guard's disk hangs": self.guard_disk_hangs,
            "restart from an old snapshot": self.old_snapshot,
            "control plane put back": self.put_back,
            "control plane put back, fed": self.put_back_fed,
        }


def _served(place: Place, gateway: str) -> str:
    """The copy of the model that a gateway serves, "" while there is none."""
    node = json.loads((place.folder / f"{gateway}.card").read_text())["node"]
    found = [each["copy"] for each in place.cli("copy", "ls")]
    return next((str(copy["id"]) for copy in found if copy["node"] == node), "")


def fake(file: Path) -> dict[str, str]:
    """The environment in which libfaketime sets one process's wall clock, and no other, by a file: within a second of
    the change of that file, so in the midst of a partition."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert found, "libfaketime is not installed (requirements/system.txt)"
    shim = file.with_name("sleep.so")
    if not shim.exists():
        source = str(Path(__file__).with_name("sleep.c"))
        build = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(shim), source]
        subprocess.run(build, check=True, capture_output=True, timeout=60)
    return {
        "LD_PRELOAD": f"{shim} {found[0]}",
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",  # s: so late a step is seen; a look at the file for each reading is too slow
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def fill(path: Path) -> int:
    """Take all the room that there is on a small disk; how many bytes that were."""
    size = 0
    with path.open("wb", buffering=0) as file:
        for block in (1 << 20, 1 << 12):
            while True:
                try:
                    size += file.write(bytes(block))
                except OSError:
                    break
    return size


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _after(found: list[tuple[int, str]], stopped: int) -> int:
    """The newest of what came after T_stop, ms after it; -1 for none."""
    last = max((when for when, _ in found), default=0)
    return (last - stopped) // 1_000_000 if last > stopped else -1


def table(trials: list[Seen]) -> str:
    """One line a case: the worst of its trials."""
    head = (
        "case",
        "n",
        "last action",
        "bound",
        "last effect",
        "bound",
        "left",
        "frozen",
        "violations",
        "other: acts",
        "silence",
    )
    rows = [head]
    for case in dict.fromkeys(each.case for each in trials):
        of = [each for each in trials if each.case == case]
        rows.append((
            case, str(len(of)), f"{max(each.action for each in of)} ms", f"{BOUND.admission} ms",
            f"{max(each.effect for each in of)} ms", f"{BOUND.effects} ms", str(sum(each.survivors for each in of)),
            str(sum(each.still for each in of)),
            str(sum(each.violations for each in of)), str(min(each.other for each in of)),
            f"{max(each.silence for each in of)} ms",
        ))  # fmt: skip
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--case", action="append", default=[], help="only these")
    parser.add_argument("--keep", action="store_true", help="leave the files")
    parser.add_argument("--json", type=Path, default=None, help="write every trial there")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="answerable-drill-files-"))
    place = Place.make(folder)
    trials: list[Seen] = []
    failed: list[str] = []  # cases that could not be brought about
    try:
        drill = Drill(place)
        drill.bystander()
        for name, case in drill.cases().items():
            if args.case and name not in args.case:
                continue
            for _ in range(args.trials):
                try:
                    trials.append(case())
                except AssertionError as error:
                    failed.append(f"{name}: {str(error)[-500:]}")
                    print(failed[-1], file=sys.stderr, flush=True)
                else:
                    print(json.dumps(asdict(trials[-1])), file=sys.stderr, flush=True)
    finally:
        place.close()
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(table(trials))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        found = {"bound": asdict(BOUND), "trials": [asdict(each) for each in trials], "failed": failed}
        args.json.write_text(json.dumps(found, indent=1))
    for each in failed:
        print(f"NOT TRIED: {each}")
    for trial in trials:
        if trial.silenced:
            print(f"REFUSED EVERYBODY: {trial.case}: the other lineage was silent for {trial.silence} ms")
    return int(bool(failed) or any(each.violations or each.silenced for each in trials))


if __name__ == "__main__":
    sys.exit(main())
