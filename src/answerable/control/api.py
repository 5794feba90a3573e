# SPDX-License-Identifier: Apache-2.0
"""The ASGI application of the control plane: for each `Route`, who asks, what for, and the one shape of an error.

It speaks on a Unix socket of mode 600 and still believes nobody: each request but the API's own description carries a
proof by a key (`control.auth`). Requests with an `Origin` come from web pages and are refused, as is any Host but
``localhost``.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Path

from answerable.control import refusing
from answerable.control.routes import ROUTES
from answerable.control.routing import PREFIX, By, Call, Route
from answerable.control.services import Services
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.terms import AdminRole
from answerable.net.asgi import Gone, read_body

MAX_BODY: Final = 4 << 20  # bytes; a saved reply with all its texts fits
BODY_SECONDS: Final = 15.0
HOST: Final = "localhost"
_log = logging.getLogger("answerable.control")


def build(services: Services, routes: Iterable[Route] = ROUTES) -> Starlette:
    """The application over `services`. Its routes are `control.routes.ROUTES`, all of them and nothing else; at a
    gateway node those that are answered there."""
    return Starlette(
        routes=[
            Path(PREFIX + pattern(route.path), _endpoint(services, route), methods=[route.method]) for route in routes
        ],
        exception_handlers={HTTPException: _foreign},
    )


def pattern(path: str) -> str:
    """Starlette's form of a route's path: the last value may hold slashes, as SPIFFE ids do."""
    return path[:-1] + ":path}" if path.endswith("}") else path


def _endpoint(services: Services, route: Route) -> Callable[[Request], Awaitable[Response]]:
    decoder = msgspec.json.Decoder(route.body) if route.body is not None else None

    async def refused(
        request: Request, error: AnswerableError, data: bytes, sender: dict[str, Any], body: Any
    ) -> Response:
        header = request.headers.get("authorization", "")
        await refusing.record(services, route, error, data=data, sender=sender.get("person"), header=header, body=body)
        return failed(error)

    async def endpoint(request: Request) -> Response:
        data, sender, body = b"", {}, None
        try:
            _local(request)
            data = await _body(request)
            sender = _sender(services, route, request, data)
            body = decoder.decode(data) if decoder is not None else None
            call: Call[Any] = Call(body, request.path_params, dict(request.query_params), **sender)
            return _json(200, await route.run(services, call))
        except AnswerableError as error:
            return await refused(request, error, data, sender, body)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            return await refused(request, Refused("admin.request", detail=str(error)[:300]), data, sender, body)
        except Exception as error:  # noqa: BLE001  nothing may answer without a shape
            incident = nonce()
            # The message of a foreign exception may quote what was asked for: only its type and its place are logged.
            _log.error(
                "incident %s: %s in %s\n%s",
                incident,
                type(error).__name__,
                route.name,
                "".join(traceback.format_tb(error.__traceback__)),
            )
            return failed(Unavailable("internal.error", incident=incident))

    return endpoint


def _local(request: Request) -> None:
    if "origin" in request.headers:
        raise Refused("request.origin")
    if request.headers.get("host", "") != HOST:
        raise Refused("request.host")


async def _body(request: Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await read_body(request.receive, MAX_BODY)
    except TimeoutError:
        raise Refused("request.slow", seconds=int(BODY_SECONDS)) from None
    except Gone:
        raise Refused("request.disconnected") from None
    if data is None:
        raise Refused("request.too_large", limit=MAX_BODY)
    return data


def _sender(services: Services, route: Route, request: Request, body: bytes) -> dict[str, Any]:
    """person, copy or party of `Call`, or none where the route is open to anyone."""
    if route.needs is By.ANYONE:
        return {}
    header = request.headers.get("authorization", "")
    raw: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    path = (raw + b"?" + query if query else raw).decode("latin-1")
    if route.needs is By.COPY:
        return {"copy": services.doorkeeper.copy(header, route.method, path, body)}
    if route.needs is By.PARTY:
        return {"party": services.doorkeeper.party(header, route.method, path, body)}
    return {"person": services.doorkeeper.person(header, route.method, path, body, AdminRole(route.needs))}


def failed(error: AnswerableError) -> Response:
    """The one shape of an error. ``x-should-retry`` keeps clients from repeating what stays refused; ``retry-after``
    says when to ask again, where that is known (RFC 9110 section 10.2.3)."""
    response = _json(error.http, {"error": error.as_dict()})
    if isinstance(error, Refused):
        response.headers["x-should-retry"] = "false"
    elif isinstance(wait := error.params.get("retry_s"), int):
        response.headers["retry-after"] = str(wait)
    return response


async def _foreign(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return failed(Refused("admin.method") if status == 405 else Refused("admin.path"))


def _json(status: int, value: Any) -> Response:
    return Response(msgspec.json.encode(value), status, {"cache-control": "no-store"}, media_type="application/json")
