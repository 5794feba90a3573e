# SPDX-License-Identifier: Apache-2.0
"""The gateway as one plain ASGI callable: OpenAI's endpoints, their models, health and metrics.

A POST takes a straight line: bounds, head, body, one `Action`, `pipeline.carry`. What is wrong with a request travels
along it as the action's fault, so that it is refused only when it is known whose it is, and recorded.

A connection is kept for those who are known: whoever gets an answer without a record is hung up on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from answerable.crypto.random import opaque_id
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.gateway.calls import Call, Calls
from answerable.gateway.front import Front, Headers, credential
from answerable.gateway.listing import encode, listing, one
from answerable.gateway.out import AsgiOut, error_headers, status_of
from answerable.labels.language import choose
from answerable.model.actions import Action
from answerable.model.terms import DataClass
from answerable.model.warrants import Credential, Recognised
from answerable.net.asgi import CLOSE, JSON, NO_STORE, Gone, Receive, Scope, Send, read_body, respond
from answerable.pipeline.carry import carry
from answerable.pipeline.deps import Deps
from answerable.protocols.openai import errors
from answerable.protocols.openai.dialects import ENDPOINTS, Dialects
from answerable.protocols.openai.request import Parsed, read

MAX_BODY: Final = 4 * 1024 * 1024
# What is read of whom nobody knows: strangers' calls together stay far below what all bodies may take.
MAX_STRANGE_BODY: Final = 64 * 1024
MAX_CALLS: Final = 1024
BODY_SECONDS: Final = 15.0
READ_SECONDS: Final = 60.0  # a client that takes nothing for so long has gone, whatever its connection says
METRICS_TYPE: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
MODELS: Final = "/v1/models"

log = logging.getLogger(__name__)


class Gateway:
    """dialects: `formats.api_text.dialects()`. metrics: renders the whole page. ready: part of the service -> code of
    what ails it, "" if nothing does. hosts, origins, data_class: see `Front`."""

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
        body_s: float = BODY_SECONDS,
        read_s: float = READ_SECONDS,
    ) -> None:
        self._deps = deps
        self._dialects = dialects
        self._metrics = metrics
        self._ready = ready
        self._front = Front(hosts, origins, data_class)
        self._max_body = max_body
        self._max_calls = max_calls
        self._body_s = body_s
        self.calls = Calls(body_s, read_s)
        self._posts = {kind.path: dialects.at(kind.path) for kind in ENDPOINTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            headers = self._front.headers(scope)
            self._front.check(headers)
            if scope["path"] not in self._posts:
                await self._get(scope, headers, send)
                return
            if scope["method"] != "POST":
                raise Refused("request.method", method=scope["method"][:16], allowed="POST")
            # The second half of the places is for those who are known: strangers cannot take them all.
            if len(self.calls) >= self._max_calls or (
                2 * len(self.calls) >= self._max_calls and not await self._knows(credential(scope, headers))
            ):
                raise Unavailable("request.busy", limit=self._max_calls)
        except AnswerableError as error:
            await _refuse(send, error)
            return
        except Exception as raised:  # noqa: BLE001  a defect refuses the request that met it and no other
            await _refuse(send, _defect(raised))
            return
        call = self.calls.enter(receive)
        try:
            await self._post(scope, headers, call, send)
        except Gone:
            return
        except asyncio.CancelledError:
            if not call.gone:
                raise
            call.task.uncancel()  # we sent this cancellation, and it has done its work
        except AnswerableError as error:
            await _refuse(send, error)
        except Exception as raised:  # noqa: BLE001  a defect refuses the request that met it and no other
            await _refuse(send, _defect(raised))
        finally:
            self.calls.leave(call)

    async def _post(self, scope: Scope, headers: Headers, call: Call, send: Send) -> None:
        path: str = scope["path"]
        said = self._front.said(headers)
        accepts = headers.get(b"accept-language", b"").decode("latin-1")
        shown = credential(scope, headers)
        body, parsed, fault = await self._read(path, headers, accepts, call, said.fault, shown)
        if parsed is None:
            parsed = _unread(path, accepts)
        action = Action(
            act=self._posts[path].act,
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
            hold=said.hold,
            fault=fault,
        )
        out = AsgiOut(send, call, path, stream=parsed.stream)
        await carry(action, self._dialects.of(parsed), self._deps, out)

    async def _read(
        self, path: str, headers: Headers, accepts: str, call: Call, fault: Refused | None, shown: Credential
    ) -> tuple[bytes, Parsed | None, Refused | None]:
        """The body, and what it asks for or what is wrong with it. fault: what is wrong with its head; then it is not
        parsed. Raises Gone, Unavailable ``request.busy``."""
        announced = headers.get(b"content-length")
        # llhttp has checked that these are digits; a body of unknown length may be as long as any.
        size = self._max_body if announced is None else int(announced.lstrip(b"0")[:12] or b"0")
        limit = self._max_body
        if size > MAX_STRANGE_BODY and not await self._knows(shown):
            limit = min(limit, MAX_STRANGE_BODY)
        if size > limit and announced is not None:
            call.body_read = True
            return b"", None, Refused("request.too_large", limit=limit)
        try:
            body = await read_body(call.receive, limit, partial(self.calls.reserve, call))
        except asyncio.CancelledError:
            if not call.late:
                raise
            call.task.uncancel()
            return b"", None, Refused("request.slow", seconds=self._body_s)
        finally:
            call.body_read = True
        if body is None:
            return b"", None, Refused("request.too_large", limit=limit)
        if fault is not None:
            return body, None, fault
        try:
            return body, read(path, body, accepts), None
        except Refused as fault:
            return body, None, fault

    async def _knows(self, shown: Credential) -> bool:
        """Whether it is known whose credential this is; whether it lets in is asked where its use is recorded."""
        try:
            await self._deps.desk.present(shown)
        except Recognised:
            return True
        except AnswerableError:
            return False
        return True

    async def _get(self, scope: Scope, headers: Headers, send: Send) -> None:
        path: str = scope["path"]
        known = path in ("/healthz", "/readyz", "/metrics", MODELS) or path.startswith(MODELS + "/")
        if not known:
            raise Refused("request.not_found")
        if scope["method"] not in ("GET", "HEAD"):
            raise Refused("request.method", method=scope["method"][:16], allowed="GET")
        if path == "/healthz":
            await respond(send, 200, b'{"status":"ok"}', (JSON, NO_STORE, CLOSE))
        elif path == "/readyz":
            parts = self._ready()
            # What an order stopped is shown, and keeps nobody from going on with the rest.
            ailing = any(code and not code.startswith("stop.") for code in parts.values())
            state = {"status": "not ready" if ailing else "ready", "parts": {k: v or "ok" for k, v in parts.items()}}
            await respond(send, 503 if ailing else 200, encode(state), (JSON, NO_STORE, CLOSE))
        elif path == "/metrics":
            await respond(send, 200, self._metrics(), (METRICS_TYPE, NO_STORE, CLOSE))
        elif path == MODELS:
            await respond(send, 200, encode(await listing(credential(scope, headers), self._deps)))
        else:
            name = path.removeprefix(MODELS + "/")
            await respond(send, 200, encode(await one(name, credential(scope, headers), self._deps)))


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
    )


def _defect(raised: Exception) -> Unavailable:
    """A defect refuses the request that met it and no other; the caller gets the incident's id alone."""
    incident = opaque_id()
    log.error("incident %s", incident, exc_info=raised)
    return Unavailable("internal.error", incident=incident)


async def _refuse(send: Send, error: AnswerableError) -> None:
    status = status_of(error)
    await respond(send, status, errors.answer(error), tuple(error_headers(error, status, "")))
