# SPDX-License-Identifier: Apache-2.0
"""What a caller asks for of pictures and sound, in OpenAI's words: checked as far as the gateway acts on it.

What could not be labelled is refused before anything is asked of a model: links to what lies elsewhere, pictures and
sound in pieces, sound without a place for a label.
"""

from __future__ import annotations

from typing import Any, Final

from answerable.errors import Refused
from answerable.marks.language import choose
from answerable.model.labels import Sampling
from answerable.protocols import multipart
from answerable.protocols.multipart import Form
from answerable.protocols.openai.bounds import load
from answerable.protocols.openai.request import MAX_MODEL, Parsed, flag, principal, text

PICTURES: Final = "/v1/images/generations"
EDITS: Final = "/v1/images/edits"
SPEECH: Final = "/v1/audio/speech"
TRANSCRIPTIONS: Final = "/v1/audio/transcriptions"
FORMS: Final = frozenset({EDITS, TRANSCRIPTIONS})
PATHS: Final = FORMS | {PICTURES, SPEECH}
FORM: Final = ""  # member under which a form stands in its request: no field has that name
AUTO: Final = "auto"

MAX_PICTURES: Final = 16
MAX_SPOKEN: Final = 32_768  # characters
# What is asked for -> its media type. AAC in ADTS and bare samples have no place for a label.
SOUNDS: Final = {"mp3": "audio/mpeg", "opus": "audio/ogg", "flac": "audio/flac", "wav": "audio/wav"}
BARE: Final = frozenset({"aac", "pcm"})
WRITTEN: Final = {
    "json": "application/json",
    "verbose_json": "application/json",
    "diarized_json": "application/json",
    "text": "text/plain; charset=utf-8",
    "srt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}
_ELSEWHERE: Final = "what lies elsewhere cannot be labelled: ask for b64_json"
_PIECES: Final = "it is labelled whole"


def check(path: str, request: dict[str, Any]) -> str:
    """What was asked in words, which decides the label's language. Raises Refused ``request.missing|invalid|
    unsupported``."""
    if request.get("model") == AUTO:
        raise Refused("request.invalid", param="model", expected="the name of one model, since not each can do this")
    if path in (PICTURES, EDITS):
        return _pictures(request)
    return _speech(request) if path == SPEECH else _transcription(request)


def read(path: str, body: bytes, accept_language: str, content_type: bytes) -> Parsed:
    """The request, in JSON or a form as its endpoint has it. Raises Refused as `request.read` and `multipart.parse`."""
    form = multipart.parse(content_type, body) if path in FORMS else None
    request = load(body) if form is None else _fields(form)
    request.pop(FORM, None)
    if not text(request, "model", MAX_MODEL):
        raise Refused("request.missing", param="model")
    said = check(path, request)
    if form is not None:
        file = "image" if path == EDITS else "file"
        if not any(part.filename is not None and part.name.removesuffix("[]") == file for part in form.parts):
            raise Refused("request.missing", param=file)
        request[FORM] = form
    return Parsed(
        path=path,
        request=request,
        model=request["model"],
        stream=False,
        language=choose(said, accept_language),
        explicit_in_text=True,
        usage_wanted=False,
        principal=principal(request),
        sampling=Sampling.NONE,
    )


def _fields(form: Form) -> dict[str, Any]:
    """The fields that are texts, each once; lists go on as they are."""
    request: dict[str, Any] = {}
    for part in form.parts:
        if part.filename is not None or part.name.endswith("[]"):
            continue
        if part.name in request:
            raise Refused("request.invalid", param=part.name[:64], expected="one value")
        try:
            value: Any = part.data.decode()
        except UnicodeDecodeError:
            raise Refused("request.invalid", param=part.name[:64], expected="UTF-8") from None
        flags = {"true": True, "false": False} if part.name == "stream" else {}
        request[part.name] = flags.get(value.lower(), value)
    return request


def _pictures(request: dict[str, Any]) -> str:
    prompt = text(request, "prompt", MAX_SPOKEN)
    if not prompt:
        raise Refused("request.missing", param="prompt")
    if flag(request, "stream"):
        raise Refused("request.unsupported", param="stream", why=_PIECES)
    form = request.get("response_format")
    if form == "url":
        raise Refused("request.unsupported", param="response_format", why=_ELSEWHERE)
    if form not in (None, "b64_json"):
        raise Refused("request.invalid", param="response_format", expected="b64_json")
    wanted = request.get("n")
    if wanted is not None and str(wanted) not in map(str, range(1, MAX_PICTURES + 1)):
        raise Refused("request.invalid", param="n", expected=f"1 to {MAX_PICTURES}")
    return prompt


def _speech(request: dict[str, Any]) -> str:
    spoken = text(request, "input", MAX_SPOKEN)
    if not spoken:
        raise Refused("request.missing", param="input")
    if request.get("stream_format", "audio") != "audio":
        raise Refused("request.unsupported", param="stream_format", why=_PIECES)
    form = request.get("response_format", "mp3")
    if form in tuple(BARE):
        raise Refused("request.unsupported", param="response_format", why=f"{form} has no place for a label")
    if form not in tuple(SOUNDS):
        raise Refused("request.invalid", param="response_format", expected=", ".join(SOUNDS))
    return spoken


def _transcription(request: dict[str, Any]) -> str:
    if flag(request, "stream"):
        raise Refused("request.unsupported", param="stream", why=_PIECES)
    if request.get("response_format", "json") not in WRITTEN:
        raise Refused("request.invalid", param="response_format", expected=", ".join(WRITTEN))
    language = text(request, "language", 64)
    return "中文" if language.lower().startswith("zh") else text(request, "prompt", MAX_SPOKEN)
