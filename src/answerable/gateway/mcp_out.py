# SPDX-License-Identifier: Apache-2.0
"""Where the path writes the answer to a tool call: `ports.Out` over one POST of an MCP client.

An answer leaves in one write, as JSON; where the client's people were asked something first it is the last event of
the stream that asked (2025-11-25, basic/transports).
"""

from __future__ import annotations

from typing import Final

from answerable.errors import AnswerableError, Unavailable
from answerable.gateway.out import named
from answerable.net.request import JSON, NO_STORE, Request, field
from answerable.protocols.mcp import errors, held, replies
from answerable.protocols.mcp.message import Message
from answerable.protocols.sse import write

# RFC 6750 section 3. Keys are handed out, never asked for: there is no authorization server to name
# (`docs/spec/mcp.md`).
CHALLENGE: Final = b'www-authenticate: Bearer realm="answerable"'
INVALID: Final = CHALLENGE + b', error="invalid_token"'


def refuse(
    request: Request,
    message: Message,
    error: AnswerableError,
    language: str,
    *,
    record: str = "",
    shown: bool = False,
    requested: str = "",
) -> None:
    """Answer with `error` as JSON-RPC has it. shown: a credential came with the request; requested: the revision that
    its head names."""
    status = errors.status(error, message.revision)
    fields = [JSON, NO_STORE]
    if status == errors.UNAUTHORIZED:
        fields.append(INVALID if shown else CHALLENGE)
    if record:
        fields += named(record)
    else:
        request.keep = False  # connections that rest are for those who are known
    say(request, status, tuple(fields), replies.error(message, error, language, record, requested))


def say(request: Request, status: int, fields: tuple[bytes, ...], body: bytes) -> None:
    """The whole answer, or the last event of a stream that has begun."""
    if request.started:
        request.end(write(body))
    else:
        request.answer(status, fields, body)


class ToolAnswer:
    """One call's way out. url: where people see a hold, with ``{hold}`` in it; asks: whether a call that waits is not
    answered here but left in `waits`, for the client's people to be asked; shown: a credential came with the request;
    requested: the revision that its head names."""

    __slots__ = (
        "_asks",
        "_fields",
        "_held",
        "_language",
        "_message",
        "_request",
        "_requested",
        "_shown",
        "_url",
        "waits",
    )

    def __init__(
        self,
        request: Request,
        message: Message,
        language: str,
        url: str,
        *,
        asks: bool = False,
        shown: bool = False,
        requested: str = "",
    ) -> None:
        self._request = request
        self._message = message
        self._language = language
        self._url = url
        self._requested = requested
        self._fields: tuple[bytes, ...] = ()
        self._held: list[bytes] = []
        self._asks = asks
        self._shown = shown
        self.waits: tuple[AnswerableError, str] | None = None

    def start(self, record: str, aigc: bytes, notice: str = "") -> None:
        """See ports.Out."""
        self._fields = (JSON, NO_STORE, *named(record))
        if aigc:
            self._fields += (field(b"aigc", aigc),)

    async def send(self, data: bytes) -> None:
        """Held until it is whole. A client that went away is not told: what was sent to a tool goes on to its end."""
        self._held.append(data)

    async def finish(self, data: bytes) -> None:
        say(self._request, 200, self._fields, b"".join((*self._held, data)))

    async def fail(self, error: Exception, record: str) -> None:
        known = error if isinstance(error, AnswerableError) else Unavailable("internal.error", incident=record or "-")
        if known.code == "action.held":
            if self._asks:
                self.waits = known, record
                return
            url = held.where(self._url, known)
            fields = (JSON, NO_STORE, *(named(record) if record else ()))
            say(self._request, 200, fields, held.pending(self._message, known, self._language, record, url))
        elif errors.of_request(known) or self._message.id is None:
            refuse(
                self._request, self._message, known, self._language,
                record=record, shown=self._shown, requested=self._requested,
            )  # fmt: skip
        else:
            fields = (JSON, NO_STORE, *(named(record) if record else ()))
            say(self._request, 200, fields, replies.refused(self._message, known, self._language, record))
