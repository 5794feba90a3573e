# SPDX-License-Identifier: Apache-2.0
"""``POST /mcp/<server>``: a tool server behind the gate, for clients of MCP 2025-11-25 and 2026-07-28
(`docs/spec/mcp.md`).

Tools alone are offered. A call takes the same path as a generation (`gateway.mcp_call`); what is wrong with a message
travels along it as the action's fault, so that it is refused only when it is known whose it is, and recorded. The
credential is for this gateway: nothing of a request's head goes on to a server.
"""

from __future__ import annotations

import re
from typing import Final

from answerable.crypto.random import salt
from answerable.errors import AnswerableError, Refused
from answerable.gateway.front import Headers, Said
from answerable.gateway.known import admitted
from answerable.gateway.mcp_asking import Asking
from answerable.gateway.mcp_call import Calling, Post
from answerable.gateway.mcp_held import HOLDS
from answerable.gateway.mcp_listing import page
from answerable.gateway.mcp_out import refuse
from answerable.marks.language import choose
from answerable.model.actions import Chunk
from answerable.model.warrants import Bearer, Credential
from answerable.net.request import JSON, NO_STORE, Request
from answerable.pipeline.deps import Deps
from answerable.ports import LabelFormat
from answerable.protocols.mcp import head, message, replies
from answerable.protocols.mcp.message import CALL, DISCOVER, INITIALIZE, LIST
from answerable.protocols.mcp.revisions import Revision
from answerable.protocols.mcp.sessions import Sessions, able

PREFIX: Final = "/mcp/"
AGAIN: Final = b"answerable-idempotency-key"
ACCEPTED: Final = 202

_UTF_8: Final = frozenset({b"", b"charset=utf-8", b'charset="utf-8"'})
_SERVER = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class ToolEndpoint:
    """labels: how a result carries its label; page: address of the page on which people decide about a hold, with
    ``{hold}`` in it, "" where there is none: then our own, which tells its caller how it stands. secure: whether this
    gateway is spoken to over TLS."""

    def __init__(self, deps: Deps, labels: LabelFormat[Chunk], *, page: str = "", secure: bool = False) -> None:
        self._deps = deps
        self._page = page
        self._scheme = "https" if secure else "http"
        self._sessions = Sessions(deps.index_key)
        self._asking = Asking()
        self._calling = Calling(deps, labels, self._sessions, self._asking, pages=bool(page))

    async def answer(
        self, request: Request, headers: Headers, said: Said, shown: Credential, body: bytes, fault: Refused | None
    ) -> None:
        """Answer one POST. body: as it came; fault: what is wrong with its length or its coding."""
        request.cancels = False  # what was sent to a tool is not taken back because its client is gone
        told = head.read(headers)
        asked = message.read(body, told)
        asked.fault = fault or _kind(headers) or asked.fault
        post = Post(
            request=request,
            server=request.path[len(PREFIX) :],
            shown=shown,
            body=body,
            head=told,
            said=said,
            message=asked,
            language=choose("", headers.get(b"accept-language", b"").decode("latin-1")),
            events=b"text/event-stream" in headers.get(b"accept", b""),
            again=headers.get(AGAIN, b"").decode("latin-1"),
            url=self._page or f"{self._scheme}://{headers[b'host'].decode('latin-1')}{HOLDS}{{hold}}",
        )
        if asked.fault is not None or (asked.method == CALL and asked.id is not None):
            await self._calling.call(post)
            return
        try:
            await self._other(post)
        except AnswerableError as error:
            refuse(request, asked, error, post.language, shown=bool(shown.value), requested=told.version or "")

    async def _other(self, post: Post) -> None:
        """What is no call: it leaves no record. Raises the refusal."""
        caller = await admitted(post.shown, self._deps)
        asked, request = post.message, post.request
        if asked.revision is Revision.SESSIONS and post.head.session is not None:
            self._sessions.read(post.head.session, post.server, caller.copy.rid)
        if asked.answer is not None:
            self._asking.answered(caller.copy.rid, asked.id)
        elif asked.id is not None:
            fields, body = await self._result(post, caller)
            request.answer(200, (JSON, NO_STORE, *fields), body)
            return
        # Notifications need no answer. A call that a client gives up goes on: nobody can take back what was sent.
        request.answer(ACCEPTED, (NO_STORE,), b"")

    async def _result(self, post: Post, caller: Bearer) -> tuple[tuple[bytes, ...], bytes]:
        asked = post.message
        if not asked.offered:
            raise Refused("mcp.method", offered="tools/list and tools/call")
        if self._deps.tools is None:
            raise Refused("tool.nowhere")
        self._deps.tools.shown(post.server)  # refuses the name of no server
        if asked.method == LIST:
            tools, cursor = await page(post.server, caller, asked.params.get("cursor"), self._deps)
            return (), replies.listed(asked, tools, cursor)
        if asked.method == INITIALIZE:
            session = self._sessions.mint(
                post.server, caller.copy.rid, able(asked.params.get("capabilities")), salt()[:16]
            )
            return (b"mcp-session-id: " + session.encode("ascii"),), replies.initialized(asked, post.server)
        if asked.method == DISCOVER:
            return (), replies.discovered(asked, post.server)
        return (), replies.result(asked, {})  # ping


def check(path: str) -> None:
    """Return if `path` may name a server. Raises Refused ``request.not_found``."""
    if _SERVER.fullmatch(path[len(PREFIX) :]) is None:
        raise Refused("request.not_found")


def _kind(headers: Headers) -> Refused | None:
    """What a page of a browser may send without asking first is no message, nor is what says that it is no UTF-8."""
    kind, _, parameters = headers.get(b"content-type", b"").lower().partition(b";")
    if kind.strip() == b"application/json" and parameters.strip() in _UTF_8:
        return None
    return Refused("request.header", header="content-type", allowed="application/json")
