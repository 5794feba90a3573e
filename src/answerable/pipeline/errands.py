# SPDX-License-Identifier: Apache-2.0
"""What a tool call has that an answer has not, in steps 1 and 2: a registered tool, exact arguments, and a key under
which it runs once. What the tool itself asks for is looked at here; what its domain and the operators ask, in `policy`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, cast

from answerable.admission.admit import reach
from answerable.crypto import jcs
from answerable.crypto.canonical import dumps
from answerable.errors import Refused, VerificationError
from answerable.model.actions import Action
from answerable.model.calls import RAN, TOOL, CallState
from answerable.model.terms import SystemKind, World
from answerable.model.tools import Floor, Tool
from answerable.model.units import Rider
from answerable.model.warrants import Bearer
from answerable.pipeline.deps import Deps
from answerable.policy import worlds
from answerable.ports import OwnTools, Upstream
from answerable.tools import envelopes
from answerable.tools.calls import KEYED_S, Answered, Calls, Run

# What an application says is not made by an AI, unless its tool's row says so.
_PLAIN: Final = SystemKind.APPLICATION


class Sent(Enum):
    """How far a call got, as far as whoever comes after must know."""

    NOT = "not"  # certainly nothing reached the upstream
    PERHAPS = "perhaps"
    ANSWERED = "answered"  # whole, whether or not anything of it was let go


# Whether it ran; None where it certainly did not.
_RAN: Final = {Sent.NOT: None, Sent.PERHAPS: CallState.UNKNOWN, Sent.ANSWERED: CallState.DONE}


class Errand:
    """A tool call on its way. asks: what its row and its domain ask; exact: RFC 8785 bytes of its arguments; inside:
    it has an envelope, and they lie in it; criticality: the graver of the tool's and of what was asked for; run: leave
    to run it, None where each call is another one; waited: for a call that was the same; modified: a person changed its
    arguments."""

    __slots__ = ("_calls", "arguments", "asks", "criticality", "exact", "inside", "modified", "run", "tool", "waited")

    def __init__(self, tool: Tool, asks: Floor, action: Action) -> None:
        self.tool = tool
        self.asks = asks
        self.criticality = max(asks.criticality, action.criticality, key=lambda each: each.rank)
        self.run: Run | None = None
        self._calls: Calls | None = None
        self.waited = False
        self.modified = False
        self.inside = False
        self.exact = b""
        self.arguments: dict[str, Any] = {}

    def take(self, action: Action) -> None:
        """Judge its arguments. Raises Refused ``tool.arguments`` for what has no canonical form, ``tool.envelope``."""
        given = action.request.get("arguments", {})
        if not isinstance(given, dict):
            raise Refused("tool.arguments", detail="no JSON object")
        try:
            self.exact = jcs.dumps(given)
        except VerificationError as error:
            raise Refused("tool.arguments", detail=str(error.params.get("detail", ""))) from None
        self.arguments = given
        if self.tool.envelope is not None:
            if at := envelopes.breach(self.tool.envelope, given):
                raise Refused("tool.envelope", tool=self.tool.key, at=at)
            self.inside = True

    def weigh(self, action: Action, caller: Bearer, upstream: Upstream) -> bool:
        """Of a server that is this registry itself: what this very call asks for beside what its class says. Returns
        whether it is such a server. Raises Refused as `ports.OwnTools.weigh`."""
        if not getattr(upstream, "own", False):
            return False
        self.tool = cast("OwnTools", upstream).weigh(action, caller, self.tool)
        self.asks = worlds.asked(self.tool) or self.asks
        return True

    def upstream(self, upstream: Upstream, caller: Bearer) -> Upstream:
        """Where the call goes."""
        return cast("OwnTools", upstream).of(caller, self.tool) if getattr(upstream, "own", False) else upstream

    @property
    def world(self) -> World:
        return self.asks.world

    def text(self) -> str:
        """What of it a detector examines: what an agent sends out is what goes out."""
        return _texts(self.arguments)

    def told(self) -> dict[str, Any]:
        """The member of the open leaf's `x`."""
        said: dict[str, Any] = {"name": self.tool.name, "pin": self.tool.pin, "srv": self.tool.server}
        return {TOOL: said | {"mod": True} if self.modified else said}

    async def enter(self, action: Action, caller: Bearer, calls: Calls, now: Callable[[], int]) -> Answered | None:
        """Leave to run it; or what the same call answered before. Waits while the same one is under way. now: ms UTC.

        Raises Refused ``call.unknown|done|share``, Unavailable ``call.full``.
        """
        if not (self.tool.idempotency_s or action.again):
            return None
        key = calls.key(
            system=caller.system.rid,
            principal=action.principal,
            server=self.tool.server,
            tool=self.tool.name,
            arguments=self.exact,
            again=action.again,
        )
        self.waited = calls.under_way(key)
        entered = await calls.enter(key, caller.system.rid, now)
        if isinstance(entered, Answered):
            return entered
        self.run, self._calls = entered, calls
        return None

    def context(self, now_ms: int) -> tuple[bytes, int]:
        """The payload of the open leaf's group `CONTEXT`, and until when it is needed, ms UTC."""
        if self.run is None:
            return b"", 0
        until = now_ms + (self.tool.idempotency_s or KEYED_S) * 1_000
        return dumps({"key": self.run.key, "until": until}), until

    def begin(self, record: str, now_ms: int, until: int) -> Rider:
        """What joins the unit of its open leaf. until: as `context` gave it."""
        if self.run is None or self._calls is None:
            return Rider()
        return self._calls.begin(self.run, record, now_ms, until)

    def finish(self, sent: Sent) -> tuple[Rider, dict[str, Any]]:
        """What joins the unit of its close leaf, and the members that its `x` gets."""
        if self.run is None or self._calls is None:
            return Rider(), {}
        ran = _RAN[sent]
        told = {} if ran is CallState.DONE else {RAN: "no" if ran is None else ran.value}
        return self._calls.finish(self.run, ran), told

    def made(self, server: Bearer) -> bool:
        """Whether what it answers was made by an AI, and bears the label for that."""
        return self.tool.generates or server.system.kind is not _PLAIN

    def leave(self) -> None:
        """Whoever waits for the same call may look how it ended."""
        if self.run is not None and self._calls is not None:
            self._calls.leave(self.run)


def outfit(action: Action, deps: Deps) -> Errand:
    """The registered tool that is called. Raises Refused ``tool.unknown|changed|nowhere|domain``."""
    if deps.tools is None or deps.calls is None:
        raise Refused("tool.nowhere")
    tool = deps.tools.find(action.model, action.tool)
    asks = worlds.asked(tool)
    if asks is None or action.world not in (World.INFORMATION, asks.world):
        raise Refused("tool.domain", domain=tool.domain)
    return Errand(tool, asks, action)


def within(errand: Errand, action: Action, caller: Bearer, tier: int) -> None:
    """Return if what the caller's warrant and the tool itself allow holds this call. tier: that the caller is judged
    at.

    Raises Refused ``warrant.tool|world|criticality``, ``tool.tier|arguments|envelope``.
    """
    asks, tool = errand.asks, errand.tool
    reached(tool, asks, caller, tier)
    reach(caller.warrant, world=asks.world, criticality=action.criticality, tool=tool.key)
    errand.take(action)


def reached(tool: Tool, asks: Floor, caller: Bearer, tier: int) -> None:
    """Return if a call of the tool is within the caller's warrant and the tier that it is judged at, whatever its
    arguments: what a list shows and what a call is held to. Raises Refused ``warrant.tool|world|criticality``,
    ``tool.tier``."""
    reach(caller.warrant, world=asks.world, criticality=asks.criticality, tool=tool.key)
    if tier > asks.max_tier:
        raise Refused("tool.tier", most=asks.max_tier, tier=tier)


def _texts(value: Any) -> str:
    """All that stands in arguments, keys too, a line each: what a detector examines, without JSON's escapes."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            for key, inner in reversed(item.items()):
                waiting += (inner, key)
        elif isinstance(item, list):
            waiting += reversed(item)
        else:
            found.append(str(item))
    return "\n".join(found)
