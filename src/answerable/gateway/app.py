# SPDX-License-Identifier: Apache-2.0
"""The gateway, a handler of requests: OpenAI's endpoints, their models, health and metrics.

A POST takes a straight line: bounds, head, body, one `Action`, `pipeline.carry`. What is wrong with a request travels
along it as the action's fault, so that it is refused only when it is known whose it is, and recorded.

A connection is kept for those who are known: whoever gets an answer without a record is hung up on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from answerable.crypto.random import opaque_id
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.gateway import handed, mcp
from answerable.gateway.front import Front, Headers, credential
from answerable.gateway.listing import encode, listing, one
from answerable.gateway.mcp import ToolEndpoint
from answerable.gateway.mcp_held import HOLDS, standing
from answerable.gateway.out import Answer, refuse
from answerable.gateway.readiness import readiness
from answerable.marks.language import choose
from answerable.model.actions import Action
from answerable.model.labels import Sampling
from answerable.model.terms import Act, DataClass
from answerable.model.warrants import Credential, Recognised
from answerable.net.request import JSON, NO_STORE, Gone, Late, Request
from answerable.pipeline.carry import carry
from answerable.pipeline.deps import Deps
from answerable.protocols.openai import hosted, media_request
from answerable.protocols.openai.dialects import ENDPOINTS, Dialects
from answerable.protocols.openai.request import Parsed, read
from answerable.protocols.openai.responses import Responses

MAX_BODY: Final = 4 * 1024 * 1024
# What is read of whom nobody knows: strangers' calls together stay far below what all bodies may take.
MAX_STRANGE_BODY: Final = 64 * 1024
MAX_CALLS: Final = 1024
MAX_RESERVED: Final = 256 * 1024 * 1024  # bytes of all bodies in flight together
METRICS: Final = b"content-type: text/plain; version=0.0.4; charset=utf-8"
MODELS: Final = "/v1/models"
_DIGITS: Final = 12

log = logging.getLogger(__name__)


class Gateway:
    """dialects: `formats.api_text.dialects()`. metrics: renders the whole page. ready: parts of the
    service, for `readiness`. hosts, origins, data_class: see `Front`."""

    def __init__(
        self,
        deps: Deps,
        dialects: Dialects,
        *,
        metrics: Callable[[], bytes] = lambda: b"",
        ready: Callable[[], Mapping[str, str]] = dict,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        data_class: DataClass = DataClass.OPEN,
        max_body: int = MAX_BODY,
        max_calls: int = MAX_CALLS,
        orders: handed.Take | None = None,
        servers: ToolEndpoint | None = None,
        hosted_tools: Iterable[str] = (),
    ) -> None:
        """orders: hears what holders hand on; None where nobody may. servers: answers for tool servers; None where
        there are none. hosted_tools: see `protocols.openai.hosted`."""
        self._hosted = frozenset(hosted_tools)
        self._deps = deps
        self._dialects = dialects
        self._metrics = metrics
        self._ready = ready
        self._front = Front(hosts, origins, data_class)
        self._max_body = max_body
        self._max_calls = max_calls
        self._orders = orders
        self._servers = servers
        self._acts = {kind.path: dialects.at(kind.path).act for kind in ENDPOINTS}
        self.calls = 0  # in flight
        self._reserved = 0  # bytes of their bodies

    async def __call__(self, request: Request) -> None:
        try:
            headers = self._headers(request)
            act = self._acts.get(request.path)
            called = request.path.startswith(mcp.PREFIX) and self._servers is not None
            if act is None and request.path == handed.PATH and self._orders is not None:
                await self._handed(request, headers, self._orders)
                return
            if act is None and not called:
                await self._get(request, headers)
                return
            if request.method != "POST":
                raise Refused("request.method", method=request.method[:16], allowed="POST")
            # The second half of the places is for those who are known: strangers cannot take them all.
            if self.calls >= self._max_calls or (
                2 * self.calls >= self._max_calls and not await self._knows(credential(request, headers))
            ):
                raise Unavailable("request.busy", limit=self._max_calls)
            self.calls += 1
            try:
                await (self._call(request, headers) if act is None else self._post(request, headers, act))
            finally:
                self.calls -= 1
                self._reserved -= request.received
        except Gone:
            return
        except AnswerableError as error:
            refuse(request, error)
        except Exception as raised:  # noqa: BLE001  a defect refuses the request that met it and no other
            refuse(request, _defect(raised))

    def _headers(self, request: Request) -> Headers:
        """The head, if it is one for us. Raises as `Front.headers` and `Front.check`: nobody asked whose it is, so the
        refusal is counted and not recorded."""
        try:
            headers = self._front.headers(request)
            self._front.check(headers)
        except Refused as error:
            self._deps.ledger.count_refusal(error.code)
            raise
        return headers

    async def _handed(self, request: Request, headers: Headers, hear: handed.Take) -> None:
        if 2 * self.calls >= self._max_calls:
            raise Unavailable("request.busy", limit=self._max_calls)
        self.calls += 1
        try:
            await handed.take(request, credential(request, headers), self._deps, self._reserve, hear)
        finally:
            self.calls -= 1
            self._reserved -= request.received

    async def _call(self, request: Request, headers: Headers) -> None:
        """A message to a tool server."""
        if self._servers is None:
            raise Refused("request.not_found")
        said, shown = self._front.said(headers), credential(request, headers)
        mcp.check(request.path)
        body, fault = await self._body(request, headers, said.fault, shown)
        await self._servers.answer(request, headers, said, shown, body, fault)

    async def _post(self, request: Request, headers: Headers, act: Act) -> None:
        said = self._front.said(headers)
        accepts = headers.get(b"accept-language", b"").decode("latin-1")
        shown = credential(request, headers)
        body, parsed, fault = await self._read(request, headers, accepts, said.fault, shown)
        if parsed is None:
            parsed = _unread(request.path, accepts)
        action = Action(
            act=act,
            credential=shown,
            model=parsed.model,
            request=parsed.request,
            body=body,
            stream=parsed.stream,
            language=parsed.language,
            data_class=said.data_class,
            world=said.world,
            criticality=said.criticality,
            principal=parsed.principal or said.principal,
            explicit_in_text=parsed.explicit_in_text,
            sampling=parsed.sampling,
            hold=said.hold,
            fault=fault,
        )
        speaker = await self._speaker(shown) if parsed.path == Responses.path else ""
        dialect = self._dialects.of(parsed, speaker)
        await carry(action, dialect, self._deps, Answer(request, stream=parsed.stream, kind=dialect.answers))

    async def _read(
        self, request: Request, headers: Headers, accepts: str, fault: Refused | None, shown: Credential
    ) -> tuple[bytes, Parsed | None, Refused | None]:
        """The body, and what it asks for or what is wrong with it. Raises as `_body`."""
        body, fault = await self._body(request, headers, fault, shown)
        if fault is not None:
            return body, None, fault
        try:
            if request.path in media_request.PATHS:
                kind = headers.get(b"content-type", b"")
                return body, media_request.read(request.path, body, accepts, kind), None
            parsed = read(request.path, body, accepts)
            hosted.check(parsed.request, self._hosted)
            return body, parsed, None
        except Refused as fault:
            return body, None, fault

    async def _body(
        self, request: Request, headers: Headers, fault: Refused | None, shown: Credential
    ) -> tuple[bytes, Refused | None]:
        """The body, and what is wrong with it. fault: what is wrong with its head. Raises Gone, Unavailable
        ``request.busy``."""
        announced = headers.get(b"content-length")
        # llhttp has checked that these are digits; a body of unknown length may be as long as any.
        size = self._max_body if announced is None else _number(announced)
        limit = self._max_body
        if size > MAX_STRANGE_BODY and not await self._knows(shown):
            limit = min(limit, MAX_STRANGE_BODY)
        if size > limit and announced is not None:
            return b"", Refused("request.too_large", limit=limit)
        try:
            body = await request.body(limit, self._reserve)
        except Late as late:
            return b"", Refused("request.slow", seconds=late.seconds)
        if body is None:
            return b"", Refused("request.too_large", limit=limit)
        return body, fault

    def _reserve(self, size: int) -> None:
        """Room for `size` bytes more of a body, until its call ends. Raises Unavailable ``request.busy``."""
        self._reserved += size
        if self._reserved > MAX_RESERVED:
            raise Unavailable("request.busy", limit=f"{MAX_RESERVED} bytes")

    async def _knows(self, shown: Credential) -> bool:
        """Whether it is known whose credential this is; whether it lets in is asked where its use is recorded."""
        try:
            await self._deps.desk.present(shown)
        except Recognised:
            return True
        except AnswerableError:
            return False
        return True

    async def _speaker(self, shown: Credential) -> str:
        """The system that asks, "" if it is not let in: then the path says so."""
        try:
            return (await self._deps.desk.present(shown)).system.rid
        except AnswerableError:
            return ""

    async def _get(self, request: Request, headers: Headers) -> None:
        path = request.path
        known = path in ("/healthz", "/readyz", "/metrics", MODELS) or path.startswith((MODELS + "/", HOLDS))
        if not known:
            raise Refused("request.not_found")
        if request.method not in ("GET", "HEAD"):
            raise Refused("request.method", method=request.method[:16], allowed="GET")
        if path.startswith(HOLDS):
            language = choose("", headers.get(b"accept-language", b"").decode("latin-1"))
            found = await standing(path.removeprefix(HOLDS), credential(request, headers), self._deps, language)
            request.answer(200, (JSON, NO_STORE), encode(found))
            return
        if path.startswith(MODELS):
            shown, name = credential(request, headers), path.removeprefix(MODELS + "/")
            found = await (listing(shown, self._deps) if path == MODELS else one(name, shown, self._deps))
            request.answer(200, (JSON, NO_STORE), encode(found))
            return
        request.keep = False
        if path == "/healthz":
            request.answer(200, (JSON, NO_STORE), b'{"status":"ok"}')
        elif path == "/metrics":
            request.answer(200, (METRICS, NO_STORE), self._metrics())
        else:
            status, state = readiness(self._ready())
            request.answer(status, (JSON, NO_STORE), encode(state))


def _number(digits: bytes) -> int:
    """Of a length as it is announced, exact up to more than anyone may send."""
    return int(digits if len(digits) <= _DIGITS else digits.lstrip(b"0")[:_DIGITS] or b"0")


def _unread(path: str, accepts: str) -> Parsed:
    """What stands in the action of a request that could not be read."""
    return Parsed(
        path=path,
        request={},
        model="",
        stream=False,
        language=choose("", accepts),
        explicit_in_text=False,
        usage_wanted=False,
        principal="",
        sampling=Sampling.NONE,
    )


def _defect(raised: Exception) -> Unavailable:
    """A defect refuses the request that met it and no other; the caller gets the incident's id alone."""
    incident = opaque_id()
    log.error("incident %s", incident, exc_info=raised)
    return Unavailable("internal.error", incident=incident)
