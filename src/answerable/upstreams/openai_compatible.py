# SPDX-License-Identifier: Apache-2.0
"""Any server that speaks OpenAI's HTTP API (https://platform.openai.com/docs/api-reference), named by its base URL as
OpenAI's own clients take it: ``https://host/v1``. Never trusted; the caller's credential is never forwarded to it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.terms import Locality
from answerable.net.endpoint import Endpoint, parse
from answerable.net.limits import MAX_ERROR_BODY, Limits
from answerable.net.pool import Exchange, Pool, head, request
from answerable.upstreams.reach import reachable

JSON: Final = "application/json"
# What the caller can mend; everything else in 4xx is between the gateway and the server.
CALLERS_FAULTS: Final = frozenset({400, 404, 405, 409, 411, 413, 414, 415, 422})
# What a server may say through us: the codes, types and parameters of OpenAI's API reference and the common servers'.
# Any other word could be a piece of a prompt, or words to whoever reads the error.
TERMS: Final = frozenset(
    (
        # types
        "api_error", "authentication_error", "insufficient_quota", "invalid_request_error", "not_found_error",
        "permission_error", "rate_limit_error", "server_error", "BadRequestError", "NotFoundError",
        # codes
        "content_filter", "content_policy_violation", "context_length_exceeded", "empty_array", "image_parse_error",
        "integer_above_max_value", "integer_below_min_value", "invalid_array", "invalid_base64", "invalid_base64_image",
        "invalid_function_parameters", "invalid_image", "invalid_image_format", "invalid_image_url", "invalid_json",
        "invalid_json_schema", "invalid_prompt", "invalid_tool_call", "invalid_type", "invalid_value",
        "missing_required_parameter", "model_not_found", "not_found", "rate_limit_exceeded", "string_above_max_length",
        "string_below_min_length", "unknown_parameter", "unknown_url", "unsupported_country_region_territory",
        "unsupported_model", "unsupported_parameter", "unsupported_value",
        # parameters
        "audio", "best_of", "dimensions", "echo", "encoding_format", "frequency_penalty", "function_call", "functions",
        "include", "input", "instructions", "logit_bias", "logprobs", "max_completion_tokens", "max_output_tokens",
        "max_tokens", "messages", "metadata", "modalities", "model", "n", "parallel_tool_calls", "presence_penalty",
        "previous_response_id", "prompt", "reasoning", "reasoning_effort", "response_format", "seed", "stop", "store",
        "stream", "stream_options", "suffix", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p",
        "truncation", "user", "verbosity",
    )
)  # fmt: skip
_BEHIND: Final = re.compile(r"[\[.]")


class OpenAICompatible:
    """ports.Upstream over HTTP.

    url: base URL, with ``/v1`` if it has no path. secret: the API key that this gateway alone has, or "". tls: a
    context of one's own, for a private certificate authority. Raises Refused ``upstream.address`` for a URL that is
    none, and for a secret that cannot stand in a header.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        locality: Locality,
        secret: str = "",
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.locality = locality
        endpoint = parse(url)
        self._base = "" if endpoint.path or endpoint.socket else "/v1"
        if endpoint.socket:
            endpoint = Endpoint("", 0, "/v1", socket=endpoint.socket)
        self.pool = Pool(endpoint, name, limits, tls)
        self._tls = tls
        self._headers = tuple((headers or {}).items())
        if secret:
            self._headers += (("authorization", f"Bearer {secret}"),)
        self._heads: dict[tuple[str, bool], bytes] = {}
        try:
            self._head("/v1/chat/completions", stream=False)
        except ValueError:
            raise Refused("upstream.address", url="(its secret or a header)") from None

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = JSON) -> Exchange:
        """See ports.Upstream. A refusal of the request by the server is Refused ``upstream.rejected``."""
        if kind == JSON:
            first = self._heads.get((path, stream)) or self._head(path, stream=stream)
        else:
            first = self._made(path, "*/*", kind)  # of a form, whose boundary is its own
        answer = await self.pool.ask(request(first, body))
        if answer.status == 200 and (answer.content_type == "text/event-stream") is stream:
            return answer
        try:
            if answer.status == 200:
                raise Unavailable("upstream.broken", what="another content type than was asked for")
            raise failure(answer.status, await answer.whole(MAX_ERROR_BODY), self.name)
        finally:
            answer.close()

    async def reachable(self, within_s: float) -> bool:
        """Whether the server takes a connection now, asked without a call; never longer than `within_s` seconds."""
        return await reachable(self.pool.endpoint, self._tls, within_s)

    async def close(self) -> None:
        await self.pool.close()

    def _head(self, path: str, *, stream: bool) -> bytes:
        takes = "text/event-stream" if stream else "*/*" if path.startswith("/v1/audio/") else JSON
        made = self._heads[path, stream] = self._made(path, takes, JSON)
        return made

    def _made(self, path: str, takes: str, kind: str) -> bytes:
        return head(
            "POST",
            self._base + path.removeprefix("/v1"),
            self.pool.endpoint,
            (
                ("content-type", kind),
                ("accept", takes),
                ("accept-encoding", "identity"),
                ("user-agent", "answerable"),
                *self._headers,
            ),
        )


def failure(status: int, body: bytes, name: str) -> AnswerableError:
    """The error that stands for an upstream's `status`. Of its body only terms are taken over, never prose: prose may
    repeat the prompt."""
    if status == 429 or status == 503:
        return Unavailable("upstream.busy", upstream=name)
    if status in (401, 402, 403, 407):
        return Unavailable("upstream.credentials", status=status)
    if status in CALLERS_FAULTS:
        return Refused("upstream.rejected", status=status, detail=_terms(body))
    return Unavailable("upstream.failed", status=status)


def _terms(body: bytes) -> str:
    """Code, type and parameter of an error in OpenAI's shape, where they are known terms (of a parameter like
    ``messages[3].content`` what stands before the bracket); "no detail" otherwise."""
    try:
        decoded: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        decoded = None
    error = decoded.get("error") if isinstance(decoded, dict) else None
    if not isinstance(error, dict):
        return "no detail"
    said = [error.get(member) for member in ("code", "type", "param")]
    known = (_BEHIND.split(term, maxsplit=1)[0] for term in said if isinstance(term, str))
    terms = dict.fromkeys(term for term in known if term in TERMS)
    return ", ".join(terms) or "no detail"
