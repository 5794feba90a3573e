# SPDX-License-Identifier: Apache-2.0
"""The models that this gateway serves: each configured upstream is started, its copy registered under a key of its
own."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from answerable.app.core import Core
from answerable.app.keys import copy_key, forget_copy_key, read_private, text_watermark_key
from answerable.app.models import AUTO, EMBEDDING, ModelTable, ServedModel
from answerable.config import Config, UpstreamConfig
from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log.statement import to_sign
from answerable.marks.text_watermark import Score, sampling_key
from answerable.model.labels import EngineMarks
from answerable.model.records import Copy, System
from answerable.model.terms import Act
from answerable.net.limits import Limits
from answerable.ports import Directory
from answerable.registry import copies, stopped
from answerable.registry.requests import EndCopy, StartCopy
from answerable.upstreams.birth import Birth
from answerable.upstreams.local import LocalModel
from answerable.upstreams.openai_compatible import OpenAICompatible
from answerable.upstreams.process import identity
from answerable.upstreams.weights import E5_SMALL, SMOLLM2, Weights, obtain

Say = Callable[[str, str], None]  # what is being waited for, in English and Chinese
LOCAL: Final = "local"
OPENAI: Final = "openai"
AWAY: Final = "upstream.unreachable"
MAX_SECRET: Final = 16_384  # bytes of an API key's file
RESTART_S: Final = 5.0  # a model server that dies at once must not be started in a circle
PROBE_S: Final = 5.0  # how old an answer of `problems` about a server elsewhere may be
PROBE_WITHIN_S: Final = 2.0

_log = logging.getLogger("answerable.serving")


class Registry(Protocol):
    """Where the copies that are served stand: this store's own registry, or the one that a node follows."""

    book: Directory
    config: Config
    origin: str

    @property
    def now(self) -> int: ...

    @property
    def writable(self) -> bool: ...

    def copies(self) -> Iterable[Copy]:
        """Those whose processes are of this host, ended ones included."""

    async def start(self, request: StartCopy) -> Copy: ...

    async def end(self, request: EndCopy) -> None: ...


class OwnRegistry:
    """`Registry` over this store's own."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.book: Directory = core.book
        self.config = core.config
        self.origin = core.origin

    @property
    def now(self) -> int:
        return self._core.now

    @property
    def writable(self) -> bool:
        return self._core.ledger.failure is None

    def copies(self) -> Iterable[Copy]:
        return [copy for copy in self._core.book.copies() if not copy.node]

    async def start(self, request: StartCopy) -> Copy:
        return _copy(self.book, await self._core.commit(copies.start(self.book, request, self.now)))

    async def end(self, request: EndCopy) -> None:
        await self._core.commit(copies.end(self.book, request, self.now))


class Serving:
    """The upstreams of one gateway, from `start` to `close`. models: what the path may name."""

    def __init__(self, core: Registry, say: Say = lambda _en, _zh: None) -> None:
        self._core = core
        self._say = say
        self.models = ModelTable(absent=self._absent)
        self._locals: list[LocalModel] = []
        self._remotes: list[OpenAICompatible] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._ailing: dict[str, str] = {}  # upstream that does not answer -> code

    async def start(self) -> None:
        """Start every upstream of the config. Raises Refused ``config.value`` for one that names no registered system,
        Unavailable ``upstream.*``."""
        await end_dead_copies(self._core)
        for name, upstream in self._core.config.upstreams.items():
            system = self._core.book.system(upstream.system)
            if system is None:
                raise Refused("config.value", detail=f"upstreams.{name}.system: {upstream.system!r} is not registered")
            if upstream.kind not in (LOCAL, OPENAI):
                raise Refused("config.value", detail=f"upstreams.{name}.kind: {upstream.kind!r} is not local or openai")
            try:
                await (self._start_local if upstream.kind == LOCAL else self._start_remote)(name, upstream, system)
            except Refused as error:
                # What the registry refuses is not served; who, verify and the officers' verbs must go on all the same.
                if error.code.startswith("config."):
                    raise
                self._ailing[name] = error.code
                _log.error("%s is not served: %s", system.name, error)
        await asyncio.gather(*(self._probe(remote) for remote in self._remotes))
        self._keepers += [asyncio.create_task(self._watch(remote)) for remote in self._remotes]

    async def close(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for remote in self._remotes:
            await remote.close()
        for local in self._locals:
            await local.close()
        if self._core.writable:
            await end_dead_copies(self._core)

    async def end_terminated(self, terminated: Callable[[Copy], bool]) -> None:
        """End the child processes of copies that an order terminated. A suspended one is left: it is not admitted, and
        two people may release it."""
        doomed = [served for served in self.models if not served.tools and terminated(served.copy)]
        for served in doomed:
            self.models.remove(served)
            self._ailing[served.upstream.name] = "stop.system"
            if isinstance(served.upstream, LocalModel):
                await served.upstream.close()

    def problems(self) -> dict[str, str]:
        """Upstream -> the code of what ails it, "" where it runs."""
        found = {remote.name: "" for remote in self._remotes}
        found.update({local.name: "" if local.alive else AWAY for local in self._locals})
        return {**found, **self._ailing} or {"models": "model.none"}

    def _absent(self, name: str, act: Act) -> AnswerableError | None:
        """Why nothing answers to that name, None if nothing ever did: the system of that name is stopped, or its
        upstream is away for now. For ``auto``, of the first configured one that could act."""
        book, configured, away = self._core.book, self._core.config.upstreams, self.problems()
        for each in [upstream.system for upstream in configured.values()] if name == AUTO else [name]:
            system = book.system(each)
            if system is None or (name == AUTO and (EMBEDDING in system.capabilities) != (act is Act.EMBEDDING)):
                continue
            if order := stopped.of_system(book, system, self._core.now):
                return Refused("stop.system", order=order)
        for key, upstream in configured.items():
            if away.get(key) != AWAY or (system := book.system(upstream.system)) is None:
                continue
            able = (EMBEDDING in system.capabilities) == (act is Act.EMBEDDING)
            if able and name in (AUTO, key, upstream.model, system.name, system.id, system.rid):
                return Unavailable(AWAY, upstream=key)
        return None

    async def _start_local(self, name: str, upstream: UpstreamConfig, system: System) -> None:
        weights = E5_SMALL if upstream.embeddings else SMOLLM2
        if weights.digest not in system.digests:
            raise Refused(
                "config.value", detail=f"upstreams.{name}: {system.name} is not registered with {weights.digest}"
            )
        stopped.check(self._core.book, system, self._core.now)  # the weights of what is stopped are not even loaded
        taking = f"正在获取 {weights.name}（{weights.size // 1_000_000} MB）"
        path = await asyncio.to_thread(obtain, weights, None, lambda text: self._say(text, taking))
        self._say(f"starting {weights.name}", f"正在启动 {weights.name}")
        served = await self._birth(name, upstream, system, weights, path)
        self.models.add(served)
        self._keepers.append(asyncio.create_task(self._keep(served, name, upstream, system, weights, path)))

    async def _birth(
        self, name: str, upstream: UpstreamConfig, system: System, weights: Weights, path: Path
    ) -> ServedModel:
        """A child process that answers, registered as a copy by its own signature."""
        kind = "embedding" if EMBEDDING in system.capabilities else "generation"
        marked = kind == "generation" and upstream.text_watermark is not False
        marks = EngineMarks.OWN if marked else EngineMarks.UNKNOWN
        local = LocalModel(
            name,
            "embedding" if kind == "embedding" else "generation",
            weights,
            path,
            model=upstream.model or system.name,
            threads=upstream.threads,
            context=upstream.context,
            sampling=self._sampling(weights) if marks is EngineMarks.OWN else b"",
        )
        await local.start()
        drawn = nonce()
        birth = Birth(id=copies.copy_id(system, unb64u(local.key)), n=drawn, origin=self._core.origin, sys=system.rid)
        try:
            request = StartCopy(
                system=system.rid, key=local.key, nonce=drawn, signature=await local.born(birth), process=local.process
            )
            started = await self._core.start(request)
        except BaseException:
            await local.close()  # a process that the registry does not know must not run
            raise
        self._locals.append(local)
        return ServedModel(system, started, local, local.model, (local.model, name), marks)

    def _sampling(self, weights: Weights) -> bytes:
        return sampling_key(text_watermark_key(self._core.config.store_path), weights.digest)

    async def find_marks(self, text: str) -> list[tuple[System, Score]]:
        """What each local model whose words are marked says of a text. Raises Unavailable ``upstream.*``."""
        asked = [(served.system, served.upstream) for served in self.models if served.marks is EngineMarks.OWN]
        return [(system, await model.find_mark(text)) for system, model in asked if isinstance(model, LocalModel)]

    async def _keep(
        self, served: ServedModel, name: str, upstream: UpstreamConfig, system: System, weights: Weights, path: Path
    ) -> None:
        """When the child dies its copy has ended; another process is another copy."""
        while isinstance(served.upstream, LocalModel):
            status = await served.upstream.ended()
            _log.error("the copy %s ended with status %d", served.copy.id, status)
            self._locals.remove(served.upstream)
            if served not in tuple(self.models):  # an order ended it: nothing starts it again
                await end_dead_copies(self._core)
                return
            self._ailing[name] = AWAY
            self.models.remove(served)
            await served.upstream.close()
            await asyncio.sleep(RESTART_S)
            try:
                await end_dead_copies(self._core)
                stopped.check(self._core.book, system, self._core.now)
                served = await self._birth(name, upstream, system, weights, path)
            except AnswerableError as error:
                self._ailing[name] = error.code
                _log.error("%s is not served any more: %s", system.name, error)
                return
            self.models.add(served)
            del self._ailing[name]

    async def _start_remote(self, name: str, upstream: UpstreamConfig, system: System) -> None:
        known = await endpoint_copy(self._core, name, upstream.url, system)
        remote = OpenAICompatible(
            name,
            upstream.url,
            locality=upstream.locality,
            secret=_secret(name, upstream),
            limits=Limits(
                connections=upstream.connections,
                connect=upstream.connect_timeout_s,
                head=upstream.read_timeout_s,
                silence=upstream.read_timeout_s,
            ),
            tls=tls_of(upstream.ca_file),
        )
        self._remotes.append(remote)
        marks = EngineMarks.ENGINE if upstream.text_watermark else EngineMarks.UNKNOWN
        self.models.add(ServedModel(system, known, remote, upstream.model or system.name, (name,), marks))

    async def _watch(self, remote: OpenAICompatible) -> None:
        while True:
            await asyncio.sleep(PROBE_S)
            await self._probe(remote)

    async def _probe(self, remote: OpenAICompatible) -> None:
        """Note whether the server elsewhere takes connections. Calls go on being tried: this is what people and load
        balancers are told."""
        there = await remote.reachable(PROBE_WITHIN_S)
        known = self._ailing.get(remote.name, "")
        if there and known == AWAY:
            del self._ailing[remote.name]
            _log.info("%s takes connections again", remote.name)
        elif not there and not known:
            self._ailing[remote.name] = AWAY
            _log.error("%s takes no connection", remote.name)


async def end_dead_copies(core: Registry) -> int:
    """Record the end of every copy whose process is gone; returns how many."""
    gone = [
        copy
        for copy in list(core.copies())
        if copy.process and not copy.ended and identity(int(copy.process.split(":")[1])) != copy.process
    ]
    for copy in gone:
        await core.end(EndCopy(copy=copy.rid))
    return len(gone)


async def endpoint_copy(core: Registry, name: str, url: str, system: System) -> Copy:
    """The copy at `url`, whose key is called `name`: the one of the last start if that was there too, of the same
    system, and has not ended. Otherwise another one, with another key: what answers elsewhere is not the copy that was
    registered."""
    key = b64u(copy_key(core.config.store_path, name).public)
    known = next((copy for copy in core.copies() if copy.key == key), None)
    if known is not None:
        if not known.ended and (known.endpoint, known.system) == (url, system.rid):
            return known
        if not known.ended:
            await core.end(EndCopy(copy=known.rid))
        forget_copy_key(core.config.store_path, name)
    return await _register_endpoint(core, name, url, system)


async def _register_endpoint(core: Registry, name: str, url: str, system: System) -> Copy:
    """A copy elsewhere, for which this gateway holds the key."""
    key = copy_key(core.config.store_path, name)
    drawn = nonce()
    draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=drawn, signature="", endpoint=url)
    signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
    request = StartCopy(system=system.rid, key=draft.key, nonce=drawn, signature=signature, endpoint=url)
    return await core.start(request)


def _copy(book: Directory, rid: str) -> Copy:
    copy = book.copy(rid)
    if copy is None:
        raise Unavailable("system.damaged", row=f"copies/{rid}")
    return copy


def _secret(name: str, upstream: UpstreamConfig) -> str:
    if not upstream.api_key_file:
        return ""
    try:
        return read_private(Path(upstream.api_key_file).expanduser(), MAX_SECRET).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Refused("config.value", detail=f"upstreams.{name}.api_key_file cannot be read") from None
    except Refused as error:
        raise Refused("config.value", detail=f"upstreams.{name}.api_key_file: {error.params['detail']}") from None


def tls_of(ca_file: str) -> ssl.SSLContext | None:
    """What trusts that authority alone; None, the machine's own roots, where none is named. Raises Refused
    ``config.value``."""
    if not ca_file:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise Refused("config.value", detail=f"{ca_file}: {error.strerror}") from None
