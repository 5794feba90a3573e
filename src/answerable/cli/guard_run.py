# SPDX-License-Identifier: Apache-2.0
"""Puts a guard together from a command's options, runs it, and takes everything apart again."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from answerable.admission.holding import HolderView
from answerable.cli.guard import MOST_GRACE_S
from answerable.cli.talk import say
from answerable.errors import Refused, Unavailable
from answerable.guard import enclosure as enclosures
from answerable.guard import enrolment as enrolments
from answerable.guard import primitives, syscalls, threads
from answerable.guard.cage import Cage
from answerable.guard.clock import Watch
from answerable.guard.enclosure import Enclosure
from answerable.guard.enrolment import Enrolment
from answerable.guard.evidence import STATES, add_state
from answerable.guard.folder import Folder
from answerable.guard.gate import CONNECTIONS, Gate, pool
from answerable.guard.lease import mono_ms, now_ms
from answerable.guard.plans import Device, Plan
from answerable.guard.polling import Poller
from answerable.guard.reporting import Receipts
from answerable.guard.running import Ear, Guard, Words
from answerable.guard.sources import KILL_MS, ControlPlane, Either, OnSite, WarrantSource, bounds
from answerable.guard.standing import Standing
from answerable.guard.telling import Teller
from answerable.net.endpoint import Endpoint, parse
from answerable.net.events import Follower
from answerable.net.relay_client import RelayClient
from answerable.net.server import Listener

PROTOCOL: Final = "/v1"
# A listener accepts up to 1,024 connections in one go before it counts any, and as many again before those are closed:
# the program must not be able to take the files that the guard needs to stop it.
FILES: Final = 8_192
TELL_S: Final = 2.0  # for what is still to be told when all has ended


@dataclass(frozen=True, slots=True)
class Parts:
    """What was decided before anything started."""

    enrolment: Enrolment
    enclosure: Enclosure
    plan: Plan
    folder: Folder
    without: tuple[str, ...]


def run(args: argparse.Namespace, file: Path | None) -> int:
    """Raises what is refused before the program starts; nothing has run then."""
    syscalls.more_files(FILES)
    chosen = _chosen(args)
    if "dumpable" in chosen:
        syscalls.undumpable()  # before there is a key
    with ExitStack() as stack:
        here = None
        if file is None:
            from answerable.cli.guard_enrol import enrol_here

            found, here = enrol_here(args, args.system)
            secret = here.place.store
        else:
            found, secret = enrolments.read(file), file
        if here is not None:
            stack.callback(_end, here, found)
        temp = stack.enter_context(tempfile.TemporaryDirectory(prefix="answerable-guard-"))
        parts = _decide(args, chosen, found, secret, temp)
        stack.callback(parts.folder.close)
        return asyncio.run(_guarded(args, parts))


def _chosen(args: argparse.Namespace) -> frozenset[str]:
    without = list(args.unsafe_without)
    if args.user and args.user == _own_name() and "own-uid" not in without:
        raise Refused("guard.primitive", name="own-uid", detail=f"{args.user} is the guard's own user", falls="")
    chosen = primitives.choose(primitives.look(), without)
    for name in sorted(without):
        known = primitives.BY_NAME[name]
        say(f"WITHOUT {name}: {known.without}", f"缺少 {name}：{known.without_zh}")
    return chosen


def _own_name() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _decide(args: argparse.Namespace, chosen: frozenset[str], found: Enrolment, secret: Path, temp: str) -> Parts:
    user = enclosures.user(args.user or enclosures.NOBODY) if "own-uid" in chosen else None
    if user is not None:
        os.chown(temp, user.uid, user.gids[0])
    made = Enclosure(
        primitives=chosen,
        cwd=str(Path.cwd()),
        temp=temp,
        user=user,
        read=tuple(args.read),
        write=tuple(args.write),
        local_tcp=args.local_tcp,
    )
    folder = Path(args.evidence) if args.evidence else _state() / found.rid
    program = shutil.which(args.command[0]) or ""
    for kept, by in ((secret, program), (folder, "")):
        if path := made.exposes(kept, by):
            raise Refused("guard.exposed", secret=str(kept), path=path)
    if not 0 <= args.grace <= MOST_GRACE_S:
        raise Refused("config.value", detail=f"--grace is 0 to {MOST_GRACE_S:g} seconds")
    plan = Plan(
        grace_ms=int(args.grace * 1000),
        command=tuple(shlex.split(args.stop_command)),
        signals=tuple(_signal(name) for name in args.signal) or (signal.SIGTERM,),
    )
    evidence = Folder(folder) if user is None else Folder(folder, uid=user.uid, gids=user.gids)
    return Parts(found, made, plan, evidence, tuple(sorted(args.unsafe_without)))


async def _guarded(args: argparse.Namespace, parts: Parts) -> int:
    found, identity = parts.enrolment, parts.enrolment.identity()
    threads.start_all(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        planes = _clients(found.planes, found.ca_file, stack)
        carriers = tuple(dict.fromkeys((*found.relays, *args.relay)))
        made: list[Guard] = []
        view, ear = await _hearing(found, carriers, planes, made)
        source: WarrantSource = ControlPlane(identity, planes, knows=view)
        if args.on_site:
            site = _clients((args.on_site,), found.ca_file, stack)
            source = Either(source, OnSite(identity, site, args.site, knows=view))
        standing = Standing(found.audience, view)
        ways = pool(_base(found.gateway), found.ca_file, key=found.key(), copy=found.copy)
        stack.push_async_callback(ways.close)
        gate = Gate(standing, ways)
        cage = Cage.make(parts.enclosure)
        stack.callback(cage.close)
        listener = Listener(gate, cage.gate, grace=0, connections=CONNECTIONS)
        await listener.start()
        stack.push_async_callback(listener.close)
        address = f"http://127.0.0.1:{cage.port}"
        words = Words(say, _teller(args, parts.folder))
        plane = [client for client in planes if not client.url.startswith("unix:")]
        ways_back = (*plane, *_clients(carriers, found.ca_file, stack))
        teller = Teller(identity, system=found.system, origin=found.origin, posts=planes)
        stack.push_async_callback(teller.flush, TELL_S)
        devices = tuple([await _device(each, stack) for each in args.device])
        guard = Guard(
            cage=cage,
            standing=standing,
            source=source,
            gate=gate,
            plan=Plan(parts.plan.grace_ms, devices, parts.plan.command, parts.plan.signals),
            receipts=Receipts(identity, found.origin, ways_back, parts.folder),
            folder=parts.folder,
            words=words,
            ear=ear,
            look=_watch(view, teller).look,
            alive=teller.alive,
            begun=lambda: _say_begun(words, parts, source, cage, address),
        )
        made.append(guard)
        loop = asyncio.get_running_loop()
        hung_up = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)  # nohup(1)
        for number in (signal.SIGINT, signal.SIGTERM, *hung_up):
            loop.add_signal_handler(number, guard.ask_to_end, number)
        return await guard.run(args.command, _environment(args, parts, address))


def _clients(urls: Iterable[str], ca_file: str, stack: AsyncExitStack) -> tuple[RelayClient, ...]:
    made = tuple(RelayClient(url, ca_file) for url in urls)
    for client in made:
        stack.push_async_callback(client.close)
    return made


async def _hearing(
    found: Enrolment, carriers: tuple[str, ...], planes: tuple[RelayClient, ...], made: list[Guard]
) -> tuple[HolderView | None, Ear | None]:
    """What knows the orders, and what hears them: relays, or beside the control plane its Unix socket; neither where
    nobody tells: then a refused renewal is all that is heard. Raises Unavailable where a pulse is needed all the same.
    """
    view = HolderView(found.trust(), found.clock)

    def wake(_: object = None) -> None:
        for guard in made:  # one, once it is made
            guard.wake()

    urls = [url for url in (*found.planes, *carriers) if not url.startswith("unix:")]
    if urls:
        follower = Follower(urls, view, wall=now_ms, mono=mono_ms, ca_file=found.ca_file, told=wake, pulsed=wake)
        return view, follower
    poller = Poller(planes[0], view, wake)
    try:
        await poller.pull()
    except Unavailable as error:
        if view.pulse_required:
            raise
        say(f"orders are not heard here: {error}", f"此处无法获知终止令：{error.reason('zh')}")
        return None, None
    return view, poller


def _watch(view: HolderView | None, teller: Teller) -> Watch:
    def stepped(moved: int) -> None:
        teller.stepped(moved)
        say(f"the wall clock was set by {moved} ms", f"系统时钟被调整了 {moved} 毫秒")

    return Watch(view.clock if view is not None else lambda _: None, stepped)


async def _device(text: str, stack: AsyncExitStack) -> Device:
    """``ADDRESS#KEY``: where it is reached, and its public key, base64url. Raises as `machines.wires.open_wire`."""
    from answerable.crypto.b64 import unb64u
    from answerable.machines.remote import RemoteDevice

    address, _, key = text.rpartition("#")
    device = await RemoteDevice.open(address, unb64u(key))
    stack.push_async_callback(device.close)
    return device


def _say_begun(words: Words, parts: Parts, source: WarrantSource, cage: Cage, address: str) -> None:
    grace = parts.plan.grace_ms
    if isinstance(source, Either) and source.without is not None:
        why = source.without
        words.say(f"the on-site issuer is not used: {why}", f"不使用现场签发者：{why.reason('zh')}")
    held = bounds(source, grace)
    for name, bound in held.items():
        words.say(
            f"bound: nothing of it acts later than {bound} ms after an order, with the network cut "
            f"(what {name} gives: {bound - grace - KILL_MS} ms, grace {grace} ms, {KILL_MS} ms to kill)",
            f"界限：即使断网，终止令发出 {bound} 毫秒后，程序的任何部分都不再行动"
            f"（{name} 所给 {bound - grace - KILL_MS} 毫秒，宽限 {grace} 毫秒，终止 {KILL_MS} 毫秒）",
        )
    words.told(
        {
            "state": "running",
            "copy": parts.enrolment.copy,
            "record": parts.enrolment.rid,
            "gate": address,
            "states": str(parts.folder.path / STATES),
            "first": cage.pid,
            "cgroup": str(cage.cgroup.path) if cage.cgroup is not None else "",
            "bound_ms": max(held.values()),
            "bounds": held,
            "primitives": sorted(parts.enclosure.primitives),
            "without": list(parts.without),
            "at": now_ms(),
        }
    )


def _teller(args: argparse.Namespace, folder: Folder) -> Callable[[Mapping[str, Any]], None]:
    """Each change of state is a line in the evidence's folder; with --json the first, before the program runs and
    stdout is its own, is one on stdout too."""
    said: list[bool] = []

    def tell(what: Mapping[str, Any]) -> None:
        add_state(folder, what)
        if args.json and not said:
            print(json.dumps(what), flush=True)
        said.append(True)

    return tell


def _environment(args: argparse.Namespace, parts: Parts, address: str) -> dict[str, str]:
    if held := enclosures.held_back(os.environ, args.env):
        names = ", ".join(held)
        say(f"not passed on to it: {names}; --env NAME passes one on", f"未传给程序：{names}；--env NAME 可传递")
    told = enclosures.environment(os.environ, address, temp=parts.enclosure.temp, keep=args.env)
    user = parts.enclosure.user
    return {**told, "USER": user.name, "LOGNAME": user.name, "HOME": parts.enclosure.temp} if user is not None else told


def _base(url: str) -> Endpoint:
    """Where calls go: OpenAI's clients are given a base that ends in /v1, and so say it again."""
    return parse(url.removesuffix("/").removesuffix(PROTOCOL))


def _signal(name: str) -> int:
    try:
        return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"]
    except KeyError:
        raise Refused("config.value", detail=f"--signal: there is no {name}") from None


def _state() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "answerable" / "guard"


def _end(here: Any, found: Enrolment) -> None:
    from answerable.cli.copy import end_self

    end_self(here, found.identity().key, found.rid)
