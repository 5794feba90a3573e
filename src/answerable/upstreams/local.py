# SPDX-License-Identifier: Apache-2.0
"""The local model: a copy in a child process behind a Unix socket, with a key and a life of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from answerable.crypto.b64 import b64u
from answerable.errors import Refused, Unavailable
from answerable.marks.text_watermark import Score
from answerable.model.labels import Sampling
from answerable.model.terms import Locality
from answerable.net.endpoint import Endpoint
from answerable.net.limits import Limits
from answerable.net.pool import Pool
from answerable.protocols.openai.sampling import sampling
from answerable.upstreams import birth, last_word, possession
from answerable.upstreams.child import COPY_SOCKET, MARK_SOCKET, MODEL_SOCKET, Order, Ready
from answerable.upstreams.marking import DETECT, MAX_TEXT, Found
from answerable.upstreams.openai_compatible import JSON, OpenAICompatible
from answerable.upstreams.process import identity
from answerable.upstreams.slots import Leased, Slots
from answerable.upstreams.weights import Weights, verify

START_SECONDS: Final = 60.0  # to load the weights on a busy box
END_SECONDS: Final = 3.0
# What the child may see of our environment; secrets live elsewhere in it.
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "CUDA_VISIBLE_DEVICES")
_PREFIX: Final = "answerable-copy-"
# Members by which a request could choose a slot of the engine, or have it compare prompts with what another left there.
_ENGINES_OWN: Final = ("id_slot", "cache_prompt", "n_cache_reuse")
_MAX_FOUND: Final = 4096


class LocalModel:
    """ports.Upstream over a child process.

    weights: what the file at `path` must be; it is verified at each start. model: what requests call it. threads: one
    or two; context: tokens a conversation may have; slots: answers at the same time, further calls wait; sampling: the
    key under which its words are drawn (`marks.text_watermark`), empty for words without a mark.
    After `start`: `key` (base64url) and `process` (``pid:…``), under which the copy is registered.
    """

    locality = Locality.LOCAL

    def __init__(
        self,
        name: str,
        kind: Literal["generation", "embedding"],
        weights: Weights,
        path: Path,
        *,
        model: str,
        threads: int = 2,
        context: int = 4096,
        slots: int = 2,
        sampling: bytes = b"",
    ) -> None:
        self.name = name
        self.kind = kind
        self.weights = weights
        self.model = model
        self.key = ""
        self.process = ""
        self._path = path
        self._threads = threads
        self._context = context
        self._slots = slots if kind == "generation" else 1
        self._directory: Path | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._upstream: OpenAICompatible | None = None
        self._copy: Pool | None = None
        self._sampling = sampling if kind == "generation" else b""
        self._marker: OpenAICompatible | None = None
        self._free = Slots(self._slots, name)

    async def start(self) -> None:
        """Start the child and return once it answers and has proved that it holds its key.

        Raises Unavailable ``upstream.weights``, ``upstream.not_started``, ``upstream.possession``.
        """
        if self._child is not None:
            raise RuntimeError("a copy is started once; its successor is another copy")
        await asyncio.to_thread(verify, self._path, self.weights)
        await asyncio.to_thread(_clear_left_behind)
        self._directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))  # mode 700
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._spawn(self._directory)
        except TimeoutError:
            await self.close()
            raise Unavailable("upstream.not_started", detail=f"no answer within {START_SECONDS:.0f} s") from None
        except BaseException:
            await self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._child is not None and self._child.returncode is None

    async def ended(self) -> int:
        """Return, with its exit status, when the child has ended by itself or was ended: the copy's life is over."""
        if self._child is None:
            return 0
        return await self._child.wait()

    async def prove(self) -> None:
        """Raises Unavailable ``upstream.possession`` unless the child proves that it still holds `key`."""
        if self._copy is None:
            raise Unavailable("upstream.unreachable", upstream=self.name)
        await possession.require(self._copy, self.key)

    async def born(self, asked: birth.Birth) -> str:
        """The copy's own signature over its copy leaf. Raises Unavailable ``upstream.possession``."""
        if self._copy is None:
            raise Unavailable("upstream.unreachable", upstream=self.name)
        return await birth.ask(self._copy, asked)

    async def word(self, said: last_word.Word) -> bytes:
        """The copy's own receipt of a stop order. Raises Unavailable ``upstream.*``."""
        if self._copy is None:
            raise Unavailable("upstream.unreachable", upstream=self.name)
        return await last_word.ask(self._copy, said)

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = JSON) -> Leased:
        """See ports.Upstream. Forms are for models that see or hear: Refused ``upstream.rejected``."""
        if kind != JSON:
            raise Refused("upstream.rejected", status=415, detail="unsupported_value")
        if self._upstream is None or not self.alive:
            raise Unavailable("upstream.unreachable", upstream=self.name)
        if self.kind == "embedding":
            return Leased(await self._upstream.call(path, body, stream=stream), lambda: None)
        asked = msgspec.json.decode(body, type=dict[str, Any])
        for member in _ENGINES_OWN:
            asked.pop(member, None)
        upstream, n = self._upstream, asked.get("n")
        if self._marker is not None and sampling(path, asked) is Sampling.FREE:
            upstream, n = self._marker, 1
        # Several choices at once take slots that the engine picks: nothing else may be under way then.
        slots = await self._free.take(1 if n in (None, 1) else self._slots)
        try:
            if len(slots) == 1:
                asked["id_slot"] = slots[0]
            reply = await upstream.call(path, msgspec.json.encode(asked), stream=stream)
        except BaseException:
            self._free.give(slots)
            raise
        return Leased(reply, lambda: self._free.give(slots))

    async def find_mark(self, text: str) -> Score:
        """Whether the words of `text` were drawn under this model's sampling key. Raises Unavailable ``upstream.*``,
        ``label.watermark_off`` for a model whose words are not marked."""
        if self._marker is None:
            raise Unavailable("label.watermark_off", model=self.model)
        body = msgspec.json.encode({"text": text[:MAX_TEXT]})
        with closing(await self._marker.call(DETECT, body, stream=False)) as reply:
            try:
                found = msgspec.json.decode(await reply.whole(_MAX_FOUND), type=Found)
                return Score(found.tokens, found.scored, found.score, min(0.0, found.log10_p))
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise Unavailable("upstream.broken", what="no score") from None

    async def close(self) -> None:
        """End the child and remove its directory. Safe to call twice."""
        for pool in (self._upstream, self._marker, self._copy):
            if pool is not None:
                await pool.close()
        self._upstream = self._marker = self._copy = None
        if self._child is not None and self._child.returncode is None:
            if self._child.stdin is not None:
                self._child.stdin.close()
            try:
                async with asyncio.timeout(END_SECONDS):
                    await self._child.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._child.kill()
                await self._child.wait()
        if self._directory is not None:
            await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)
            self._directory = None

    async def _spawn(self, directory: Path) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            # Two spinning OpenMP threads on a busy box take decoding from 140 to 1 token a second.
            "OMP_WAIT_POLICY": "passive",
            "OMP_NUM_THREADS": str(self._threads),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._child = child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "answerable.upstreams.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            cwd=directory,
            start_new_session=True,  # the terminal's Ctrl-C is ours to pass on
        )
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("a child without pipes")
        order = Order(
            kind=self.kind,
            weights=str(self._path.resolve()),
            directory=str(directory),
            model=self.model,
            parent=os.getpid(),
            threads=self._threads,
            context=self._context,
            slots=self._slots,
            sampling=b64u(self._sampling) if self._sampling else "",
        )
        child.stdin.write(msgspec.json.encode(order) + b"\n")
        line = await child.stdout.readline()
        try:
            ready = msgspec.json.decode(line, type=Ready)
        except msgspec.DecodeError:
            raise Unavailable("upstream.not_started", detail="the child ended without a word") from None
        if ready.error:
            raise Unavailable("upstream.not_started", detail=ready.error)
        self.key = ready.key
        self.process = identity(child.pid)
        # As many connections as slots: the engine gives each connection a thread, and further calls wait on our side.
        limits = Limits(connections=self._slots, waiting=64, connect=120.0)
        self._upstream = OpenAICompatible(
            self.name,
            f"unix://{directory / MODEL_SOCKET}",
            locality=Locality.LOCAL,
            limits=limits,
            # llama.cpp ends a connection after a stream without having said so; a call that meets such an end is lost.
            # A new connection on a Unix socket costs nothing beside a generation.
            headers={"connection": "close"},
        )
        if self._sampling:
            self._marker = OpenAICompatible(
                self.name, f"unix://{directory / MARK_SOCKET}", locality=Locality.LOCAL, limits=limits
            )
        self._copy = Pool(Endpoint("", 0, "", socket=str(directory / COPY_SOCKET)), self.name)
        await self.prove()


def _clear_left_behind() -> None:
    """Remove the directories of copies whose parent was killed before it could."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = path.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if (
                pid.isdigit()
                and not identity(int(pid))
                and path.lstat().st_uid == os.getuid()
                and not path.is_symlink()
            ):
                shutil.rmtree(path, ignore_errors=True)
