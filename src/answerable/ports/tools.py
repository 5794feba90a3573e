# SPDX-License-Identifier: Apache-2.0
"""The tools that may be called, and the servers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from answerable.errors import AnswerableError
from answerable.model.actions import Action
from answerable.model.tools import Definition, Tool
from answerable.model.warrants import Bearer
from answerable.ports.dialects import Dialect
from answerable.ports.serving import Upstream


class Tools(Protocol):
    """The tool registry, over the servers as they list their tools now."""

    def find(self, server: str, name: str) -> Tool:
        """The classified tool whose server lists the very definition that is pinned. Raises Refused ``tool.unknown``
        for what nobody listed, nobody classified, or somebody withdrew, ``tool.changed`` where the definition is
        another one than the pinned or is not listed any more; Unavailable ``upstream.unreachable`` where the server
        is known to be away."""

    def definition(self, server: str, name: str) -> Definition | None:
        """As that server lists it now, whatever is known of it; None where it does not."""

    def shown(self, server: str) -> Sequence[tuple[Tool, Definition]]:
        """All of a server that `find` gives, by name. Which of them a caller may see is the caller's warrant's matter.
        Raises Refused ``tool.unknown`` for a server that is not configured."""


class ToolServer(Upstream, Protocol):
    """An MCP server. Never trusted: what it lists is compared with what is pinned, before each call.

    As an `Upstream`: `path` is ``tools/call``; `body` the JSON object ``{"arguments": {…}, "name": "…"}``, sent on
    byte for byte (of `_meta` it gets what its protocol asks for, and nothing of the caller's); the reply is one JSON
    object, ``{"result": {…}}`` or ``{"error": {"code": …, "message": …}}``, as the server said it, never in pieces.
    ``upstream.unreachable`` and ``upstream.busy`` say that nothing was sent; every other error of `call` and of the
    reply's `read` leaves the outcome unknown.
    """

    @property
    def error(self) -> AnswerableError | None:
        """Why there is no list of its tools now, None while there is one."""

    def definitions(self) -> Sequence[Definition]:
        """As last listed, by name; without those whose names or schemas are refused. Empty before the first list."""

    def definition(self, name: str) -> Definition | None:
        """Of `definitions`, the one of that name."""

    def refused(self) -> Sequence[tuple[str, str]]:
        """(name, code) of what the server lists and nobody can pin: names that MCP does not allow, that look like
        another's, definitions that are too large or no JSON."""

    async def refresh(self) -> None:
        """Ask for the list again. Raises Unavailable ``upstream.*``; the list of before is forgotten then."""


class OwnTools(ToolServer, Protocol):
    """A tool server in this process that knows who calls: its effect is this registry's own."""

    own: bool  # True: by this it is known

    def of(self, caller: Bearer, tool: Tool) -> Upstream:
        """Where one call of `caller` goes. tool: its row, as `weigh` raised it when the call was decided about."""

    def weigh(self, action: Action, caller: Bearer, tool: Tool) -> Tool:
        """The row with what this very call asks for beside: more people, never fewer. Raises Refused for a call that
        would be refused anyhow."""


@runtime_checkable
class ToolDialect(Dialect, Protocol):
    """The dialect of one tool call, whose answer can be told again."""

    def replay(self, content: bytes) -> bytes:
        """The answer to this call on the wire, from what the same call answered before. content: `Transcript.body` of
        the call that ran, whose record it names."""
