# SPDX-License-Identifier: Apache-2.0
"""Errors in the shape that OpenAI's SDKs read: ``{"error": {"message", "type", "param", "code", ...}}``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from answerable.errors import AnswerableError
from answerable.protocols.openai.answers import encode
from answerable.protocols.openai.marker import EXTENSION
from answerable.protocols.openai.request import RESPONSES
from answerable.protocols.sse import write

# Refusals stay what they are however often one asks; clients repeat 409 and 5xx by themselves unless they are told.
HEADERS: Final = {"x-should-retry": "false"}

_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
}


def error(raised: AnswerableError, record: str = "") -> dict[str, Any]:
    """The error object: OpenAI's members, then reason, remedy and their Chinese. record: rid of the refusal, or ""."""
    body = _told(raised)
    body["type"] = _TYPES.get(raised.http, "server_error" if raised.http >= 500 else "invalid_request_error")
    param = raised.params.get("param")
    body["param"] = param if isinstance(param, str) else None
    if record:
        body[EXTENSION] = {"record": record}
    return body


def _told(raised: AnswerableError) -> dict[str, Any]:
    """`as_dict`, whose words are put together once: an order ends hundreds of streams with the same ones."""
    try:
        return dict(_words(raised.code, tuple(raised.params.items())))
    except TypeError:  # a parameter without a hash
        return raised.as_dict()


@lru_cache(maxsize=64)
def _words(code: str, params: tuple[tuple[str, object], ...]) -> dict[str, Any]:
    return AnswerableError(code, **dict(params)).as_dict()


def answer(raised: AnswerableError, record: str = "") -> bytes:
    """The JSON body of an error's response; its status is `raised.http`."""
    return encode({"error": error(raised, record)})


def event(raised: AnswerableError, path: str, record: str = "") -> bytes:
    """The event that ends a stream that has begun. The SDKs raise it as an `APIError`. path: of the endpoint."""
    body = error(raised, record)
    if path != RESPONSES:
        return write(encode({"error": body}))
    # The SDKs recognise a failed stream by a member `error`; those who follow the events read the flat members.
    flat = {"type": "error", "code": body["code"], "message": body["message"], "param": body["param"]}
    return write(encode({**flat, "error": body}), "error")
