# SPDX-License-Identifier: Apache-2.0
"""The operators' policies of a service or a node: loaded at its start, followed while it runs.

A folder is exchanged when it changed and then held still for one look, when a person says so, and on SIGHUP. What is
taken in is written to the log before it decides anything; what is refused leaves what was in force, and is told in
`answerable status` until the folder is mended.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from answerable.app import wiring
from answerable.app.core import Core
from answerable.control.policing import PolicyState
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused
from answerable.log.leaf import encode
from answerable.model.leaves import PluginLeaf
from answerable.model.units import Unit
from answerable.policy.combine import digest
from answerable.ports import Policy

PART: Final = "policy"  # its name among the problems
PORT: Final = "policies"

_log: Final = logging.getLogger("answerable.policy")


class FromFolder(Protocol):
    """A policy whose text stands in a folder: `answerable.cedar.policy.Cedar`."""

    @property
    def digest(self) -> str: ...

    def open(self, folder: Path) -> None: ...

    def prepare(self) -> Any: ...

    def swap(self, loaded: Any) -> bool: ...

    def touched(self) -> bool: ...


class Policing:
    """policies: in the order of the config, as `Deps` takes them."""

    def __init__(self, core: Core, policies: tuple[Policy, ...]) -> None:
        """Raises Refused ``config.value`` where the config names a folder that no policy reads, or the reverse."""
        config = core.config.policy
        found: list[Any] = [policy for policy in policies if hasattr(policy, "prepare")]
        if len(found) != bool(config.folder):
            detail = "policy.folder: it takes exactly one policy that reads one, in policy.use (such as cedar)"
            raise Refused("config.value", detail=detail)
        self._core = core
        self._every_s = config.reload_s
        self._folder = Path(config.folder).expanduser() if config.folder else None
        self._from: FromFolder | None = found[0] if found else None
        self._problem: AnswerableError | None = None
        self._taken = 0
        self._lock = asyncio.Lock()
        self.policies = policies
        self.digest = partial(digest, policies)

    @classmethod
    async def load(cls, core: Core) -> Policing:
        """With every folder open. Raises Refused ``config.*``, ``policy.*``, Unavailable ``log.*``: then there is no
        start."""
        plugins = await wiring.load_plugins(core, PORT, core.config.policy.use)
        policing = cls(core, plugins)
        if policing._from is not None and policing._folder is not None:
            await asyncio.to_thread(policing._from.open, policing._folder)
            policing._from.touched()
            await policing._written(policing._from.digest)
        return policing

    def state(self) -> PolicyState:
        loaded = getattr(self._from, "loaded", None)
        return PolicyState(
            digest=self.digest(),
            use=self._core.config.policy.use,
            folder=str(self._folder or ""),
            folder_digest=loaded.digest if loaded is not None else "",
            policies=tuple([rule.id for rule in loaded.rules]) if loaded is not None else (),
            taken=self._taken,
            problem=self._problem.code if self._problem is not None else "",
            detail=self._problem.reason() if self._problem is not None else "",
        )

    def problems(self) -> dict[str, str]:
        """What `answerable status` shows: the folder as it stands now was refused."""
        return {PART: self._problem.code} if self._problem is not None else {}

    async def reload(self) -> bool:
        """Take the folder as it is now: whether anything changed. Raises Refused ``policy.folder``, ``config.value``
        where there is none, Unavailable ``log.*``: then what was in force stays."""
        if self._from is None:
            raise Refused("config.value", detail="policy.folder: none is named")
        async with self._lock:
            try:
                loaded = await asyncio.to_thread(self._from.prepare)
                if loaded.digest != self._from.digest:
                    await self._written(loaded.digest)
            except AnswerableError as error:
                self._problem = error
                _log.error("the policy folder was not taken: %s", error)
                raise
            self._problem = None
            changed = self._from.swap(loaded)
            if changed:
                _log.warning("the policy folder was taken: %s", loaded.digest)
            return changed

    async def run(self) -> None:
        """Follow the folder until cancelled. A folder that is being written is left alone until it holds still."""
        if self._from is None or not self._every_s:
            return
        moving = False
        while True:
            await asyncio.sleep(self._every_s)
            try:
                touched = await asyncio.to_thread(self._from.touched)
            except AnswerableError as error:
                moving, self._problem = True, error
                continue
            if not moving or touched:
                moving = moving or touched
                continue
            moving = False
            try:
                await self.reload()
            except Refused:
                _log.debug("told already; it is looked at again when it changes")
            except AnswerableError:
                moving = True  # the log could not be written: once more

    def hang_up(self) -> None:
        """On SIGHUP, from the event loop."""
        if self._from is not None:
            self._hung = asyncio.ensure_future(self._hang_up())

    async def _hang_up(self) -> None:
        try:
            await self.reload()
        except AnswerableError:
            _log.debug("told already")

    async def _written(self, folder: str) -> None:
        """Which folder decides from here on, before it does."""
        core = self._core
        leaf = PluginLeaf(dig=folder, n=nonce(), name="folder", port=PORT, t=core.now, ver="1")
        if core.ledger.failure is None:
            await core.ledger.commit(Unit(leaves=(encode(leaf),)))
        self._taken = core.now
