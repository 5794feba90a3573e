# SPDX-License-Identifier: Apache-2.0
"""Where the path writes its answer: `ports.Out` over one request.

An unstreamed answer leaves in one write; of a stream each read of the upstream does, however many events it brought.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.net.request import EVENT_STREAM, JSON, NO_STORE, Request, field
from answerable.protocols.openai import errors

NOTICE: Final = b"answerable-notice"
RETRY: Final = b"retry-after: 1"
NO_RETRY: Final = tuple(f"{name}: {value}".encode("ascii") for name, value in errors.HEADERS.items())
# What may be different a moment later, with the same request.
_PASSING: Final = frozenset({408, 429, 502, 503, 504})
# After these the rest of the request may still be on its way: nobody wants to read it. Whom nobody knows, and so has no
# record, is hung up on as well: connections that rest are for those who are known.
_HANG_UP: Final = frozenset({"request.too_large", "request.slow"})


def status_of(error: AnswerableError) -> int:
    """HTTP status of `error`: the upstream's own where it refused the request."""
    if error.code == "upstream.rejected":
        status = error.params.get("status")
        if isinstance(status, int) and 400 <= status < 500:
            return status
    return error.http


def refuse(request: Request, error: AnswerableError, record: str = "") -> None:
    """Answer with `error`. record: rid of what was recorded of it, or ""."""
    status = status_of(error)
    fields = [JSON, NO_STORE]
    if status not in _PASSING:
        fields += NO_RETRY
    elif status in (429, 503):
        wait = error.params.get("retry_s")
        fields.append(b"retry-after: %d" % wait if isinstance(wait, int) else RETRY)
    if error.code == "request.method":
        fields.append(b"allow: " + str(error.params["allowed"]).encode("ascii"))  # RFC 9110 section 15.5.6
    if record:
        fields += named(record)
    if not record or error.code in _HANG_UP:
        request.keep = False
    request.answer(status, fields, errors.answer(error, record))


def named(record: str) -> tuple[bytes, bytes]:
    """What OpenAI's clients show beside an error, and our own name for it. A record id is letters and digits."""
    rid = record.encode("ascii")
    return b"x-request-id: " + rid, b"x-answerable-record: " + rid


class Answer:
    """One call's way out."""

    __slots__ = ("_fields", "_held", "_kind", "_request", "_stream")

    def __init__(self, request: Request, *, stream: bool, kind: str = "application/json") -> None:
        self._request = request
        self._stream = stream
        self._kind = JSON if kind == "application/json" else f"content-type: {kind}".encode("ascii")
        self._fields: tuple[bytes, ...] = ()
        self._held: list[bytes] = []

    def start(self, record: str, aigc: bytes, notice: str = "") -> None:
        """See ports.Out. Nothing leaves before the first piece does: there is nothing to see yet."""
        # The implicit label stands here too, for those who read heads alone.
        kind = EVENT_STREAM if self._stream else self._kind
        self._fields = (kind, NO_STORE, *named(record), field(b"aigc", aigc))
        if notice:
            # Heads are ASCII: percent-encoded UTF-8, as in RFC 8187.
            self._fields += (field(NOTICE, quote(notice, safe=" :").encode("ascii")),)

    async def send(self, data: bytes) -> None:
        """Waits for as long as the client takes nothing; the listener's sweep gives it up when that lasts."""
        request = self._request
        if request.gone:
            raise Refused("request.disconnected")
        if not self._stream:
            self._held.append(data)
            return
        if request.started:
            request.send(data)
        else:
            request.begin(200, self._fields, data)
        await request.drained()

    async def finish(self, data: bytes) -> None:
        if self._request.started:
            self._request.end(data)
        else:
            self._request.answer(200, self._fields, b"".join((*self._held, data)))

    async def fail(self, error: Exception, record: str) -> None:
        known = error if isinstance(error, AnswerableError) else Unavailable("internal.error", incident=record or "-")
        if self._request.started:
            self._request.end(errors.event(known, self._request.path, record))
        else:
            refuse(self._request, known, record)
