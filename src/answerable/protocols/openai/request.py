# SPDX-License-Identifier: Apache-2.0
"""What a caller asks for, in OpenAI's words: checked as far as the gateway acts on it, otherwise left to the upstream.

Members that the gateway does not know pass through. Members that would take the answer out of its hands (answers made
later, in the background; conversations kept upstream under ids of the upstream) are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from answerable.errors import Refused
from answerable.marks.language import choose
from answerable.model.labels import Sampling
from answerable.protocols.openai import sampling as words
from answerable.protocols.openai.bounds import load

CHAT: Final = words.CHAT
COMPLETIONS: Final = words.COMPLETIONS
RESPONSES: Final = "/v1/responses"
EMBEDDINGS: Final = words.EMBEDDINGS

MAX_RESPONSE_ID: Final = 200  # characters; ours have 37
MAX_MODEL: Final = 512  # characters of a model's name; a SPIFFE id has fewer
MAX_PRINCIPAL: Final = 512

# Members by which servers of this protocol force the form of an answer; the text must then stay as the model wrote it.
FORMS: Final = frozenset(
    (
        "grammar",
        "json_schema",
        "guided_json",
        "guided_regex",
        "guided_choice",
        "guided_grammar",
        "structured_outputs",
    )
)
_WHO: Final = frozenset(("safety_identifier", "user"))
# One of these must be there before anything else need be looked at.
_FORMING: Final = FORMS | {"response_format", "text", "tool_choice", "function_call"}


class Parsed(msgspec.Struct, frozen=True):
    """A request as the gateway understood it.

    request: the decoded body; model: "" never; language: "en" or "zh", of the label; explicit_in_text: False where text
    must stay as the model wrote it; usage_wanted: the client asked for a last piece of a stream with the usage alone;
    principal: the end user as the caller names it, or ""; sampling: how the words are chosen.
    """

    path: str
    request: dict[str, Any]
    model: str
    stream: bool
    language: str
    explicit_in_text: bool
    usage_wanted: bool
    principal: str
    sampling: Sampling


def read(path: str, body: bytes, accept_language: str = "") -> Parsed:
    """The request in `body` to the endpoint at `path`.

    Raises Refused ``request.not_found`` for a path that is no endpoint, ``request.too_large|malformed|too_complex`` as
    `bounds.load`, ``request.missing|invalid|unsupported`` with the parameter `param`.
    """
    check = _CHECKS.get(path)
    if check is None:
        raise Refused("request.not_found")
    request = load(body)
    model = text(request, "model", MAX_MODEL)
    if not model:
        raise Refused("request.missing", param="model")
    stream = flag(request, "stream")
    if stream and path == EMBEDDINGS:
        raise Refused("request.unsupported", param="stream", why="embeddings are not streamed")
    options = request.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise Refused("request.invalid", param="stream_options", expected="an object")
    return Parsed(
        path,
        request,
        model,
        stream,
        choose(check(request), accept_language),
        path != EMBEDDINGS and not _form_is_fixed(request),
        bool(options and options.get("include_usage")),
        "" if _WHO.isdisjoint(request) else principal(request),
        words.sampling(path, request),
    )


def _chat(request: dict[str, Any]) -> str:
    messages = request.get("messages")
    if messages is None:
        raise Refused("request.missing", param="messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("request.invalid", param="messages", expected="a list of at least one message")
    for message in messages:
        if type(message) is not dict or type(message.get("role")) is not str:
            place = messages.index(message)
            raise Refused("request.invalid", param=f"messages[{place}]", expected="an object with a role")
    return _last_of_user(messages)


def _completions(request: dict[str, Any]) -> str:
    prompt = request.get("prompt")
    if prompt is None:
        raise Refused("request.missing", param="prompt")
    if not isinstance(prompt, str | list):
        raise Refused("request.invalid", param="prompt", expected="a text or a list")
    last = prompt[-1] if isinstance(prompt, list) and prompt else prompt
    return last if isinstance(last, str) else ""


def _responses(request: dict[str, Any]) -> str:
    if request.get("conversation") is not None:
        raise Refused("request.unsupported", param="conversation", why="what came before is not kept for later calls")
    text(request, "previous_response_id", MAX_RESPONSE_ID)  # goes on from an answer that the model's server keeps
    if flag(request, "background"):
        raise Refused("request.unsupported", param="background", why="an answer is recorded while it is made")
    asked = request.get("input")
    if asked is None:
        if request.get("prompt") is not None:
            return ""
        raise Refused("request.missing", param="input")
    if isinstance(asked, str):
        return asked
    if not isinstance(asked, list) or not all(isinstance(item, dict) for item in asked):
        raise Refused("request.invalid", param="input", expected="a text or a list of items")
    return _last_of_user(asked)


def _embeddings(request: dict[str, Any]) -> str:
    asked = request.get("input")
    if asked is None:
        raise Refused("request.missing", param="input")
    if not isinstance(asked, str | list) or not asked:
        raise Refused("request.invalid", param="input", expected="a text or a list of at least one")
    return ""


_CHECKS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    CHAT: _chat,
    COMPLETIONS: _completions,
    RESPONSES: _responses,
    EMBEDDINGS: _embeddings,
}


def _last_of_user(turns: list[dict[str, Any]]) -> str:
    """The text of the last turn that is the user's: what decides the label's language."""
    for turn in reversed(turns):
        if turn.get("role") == "user":
            content = turn.get("content")
            if isinstance(content, str):
                return content
            if isinstance(content, list):
                parts = [part.get("text") for part in content if isinstance(part, dict)]
                return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def _form_is_fixed(request: dict[str, Any]) -> bool:
    """JSON mode, structured output, or a call that the model must make."""
    if _FORMING.isdisjoint(request):  # nearly every request
        return False
    if any(request.get(member) is not None for member in FORMS):
        return True
    format = request.get("response_format")
    text = request.get("text")
    if format is None and isinstance(text, dict):
        format = text.get("format")
    if format is not None and (not isinstance(format, dict) or format.get("type", "text") != "text"):
        return True
    choice = request.get("tool_choice")
    if choice == "required" or (isinstance(choice, dict) and not _auto(choice)):
        return True
    return isinstance(request.get("function_call"), dict)


def _auto(choice: dict[str, Any]) -> bool:
    """Whether a list of allowed tools leaves it to the model to call one."""
    allowed = choice.get("allowed_tools")
    mode = allowed.get("mode") if isinstance(allowed, dict) else choice.get("mode")
    return choice.get("type") == "allowed_tools" and mode == "auto"


def principal(request: dict[str, Any]) -> str:
    return text(request, "safety_identifier", MAX_PRINCIPAL) or text(request, "user", MAX_PRINCIPAL)


def text(request: dict[str, Any], param: str, limit: int) -> str:
    value = request.get(param)
    if value is None:
        return ""
    if type(value) is not str or len(value) > limit:
        raise Refused("request.invalid", param=param, expected=f"a text of at most {limit} characters")
    return value


def flag(request: dict[str, Any], param: str) -> bool:
    value = request.get(param)
    if value is not None and not isinstance(value, bool):
        raise Refused("request.invalid", param=param, expected="true or false")
    return bool(value)
