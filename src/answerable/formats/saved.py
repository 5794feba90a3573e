# SPDX-License-Identifier: Apache-2.0
"""What somebody kept of an answer: which record it names, what it says, and how it is labelled.

Read alike: the JSON that `curl` saves (headers included or not), what an SDK's `model_dump_json` writes, a capture of
the event stream, a stream's pieces as JSON lines or as a list, and plain text. The content is the canonical one of
`docs/spec/content.md`, made by the same code that made it when the answer was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from answerable.errors import Unavailable, VerificationError
from answerable.marks import aigc
from answerable.marks.verdict import judge
from answerable.marks.wording import found, plain
from answerable.model.actions import Chunk
from answerable.model.labels import LabelReading
from answerable.ports import Decoder, Transcript
from answerable.protocols.openai import chat, choices, completions, embeddings, responses, voices
from answerable.protocols.openai.answers import MAX_ANSWER, encode
from answerable.protocols.openai.content import Choice, body
from answerable.protocols.openai.marker import EXTENSION
from answerable.protocols.sse import Reader, write

RECORD_HEADER: Final = "x-answerable-record"

_RID = re.compile(r"(?:chatcmpl-|cmpl-|resp_)?([a-z2-7]{32})\Z")
# As they stand in an answer: `id` with its prefix, or the extension member's `record`.
_NAMED = re.compile(rb'"(?:chatcmpl-|cmpl-|resp_|record"\s*:\s*")([a-z2-7]{32})"')
_EVENTS: Final = (b"data:", b"event:", b":", b"id:", b"retry:")
_OBJECTS: Final = (b"{", b"[")
_BEGINNINGS: Final = _EVENTS + _OBJECTS
_HEAD = re.compile(rb"HTTP/[0-9.]+ [0-9]{3}[^\n]*\n")
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Saved:
    """record: rid that the answer names, "" for none; content: canonical content, b"" where there is none; texts: each
    choice's text as people copy it; form: answer, stream, text, record (nothing but a record id, or the error of a
    refusal) or unreadable."""

    record: str
    content: bytes
    texts: tuple[str, ...]
    label: LabelReading
    form: str


def record_id(text: str) -> str:
    """The rid in a record id of any form (``chatcmpl-…``, ``cmpl-…``, ``resp_…`` or bare), "" if `text` is none."""
    match = _RID.match(text.strip())
    return match[1] if match else ""


def read(data: bytes) -> Saved:
    """Never raises for what `data` holds, only VerificationError ``label.oversized`` for more than 64 MiB."""
    if len(data) > MAX_ANSWER:
        raise VerificationError("label.oversized", limit=MAX_ANSWER)
    head, data = _split_head(data)
    pieces = _pieces(data)
    if pieces is None:
        return _damaged(data, head) or _of_text(data, head)
    try:
        return _of_pieces(pieces, head) or _of_refusal(pieces, head) or _damaged(data, head) or _of_text(data, head)
    except Unavailable:  # looks like an answer, but is none that this protocol knows
        return _damaged(data, head) or _of_text(data, head)


def _split_head(data: bytes) -> tuple[str, bytes]:
    """(rid in the headers that `curl -i` saves, the rest)."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    record = ""
    # Several heads may stand in a row: 100 Continue, redirects.
    while _HEAD.match(data):
        head, separator, rest = data.replace(b"\r\n", b"\n").partition(b"\n\n")
        for line in head.split(b"\n"):
            name, _, value = line.partition(b":")
            if name.strip().lower() == RECORD_HEADER.encode():
                record = record_id(value.decode("ascii", "replace"))
        if not separator:
            return record, b""
        data = rest
    return record, data


def _pieces(data: bytes) -> list[dict[str, Any]] | None:
    """The JSON objects that `data` consists of, None if it does not."""
    start = data.lstrip()
    if start.startswith(_EVENTS):
        return _events(start)
    if not start.startswith(_OBJECTS):
        return None
    try:
        value = _decode(data)
    except (ValueError, RecursionError):
        return _lines(start)
    if isinstance(value, dict):
        return [value]
    return value if value and all(isinstance(item, dict) for item in value) else None


def _events(data: bytes) -> list[dict[str, Any]] | None:
    try:
        # A capture that was cut may lack the empty line that ends its last event.
        events = Reader(MAX_ANSWER).feed(data.rstrip() + b"\n\n")
        values = [_decode(data) for _, data in events if data not in (choices.DONE, b"")]
    except (ValueError, RecursionError, Unavailable):
        return None
    return values if values and all(isinstance(value, dict) for value in values) else None


def _lines(data: bytes) -> list[dict[str, Any]] | None:
    try:
        values = [_decode(line) for line in data.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None
    return values if values and all(isinstance(value, dict) for value in values) else None


def _of_pieces(pieces: list[dict[str, Any]], head: str) -> Saved | None:
    """None for objects that are no answer. Raises Unavailable ``upstream.*`` for an answer that cannot be read."""
    first = pieces[0]
    kind = first.get("object")
    decoder: Decoder
    transcript: Transcript
    if kind == "chat.completion.chunk" or (kind == "text_completion" and len(pieces) > 1):
        voice = voices.CHUNK if kind == "chat.completion.chunk" else voices.COMPLETION
        decoder, transcript = choices.Stream(voice, usage_wanted=True), choices.Transcript(voice)
    elif isinstance(first.get("type"), str) and str(first["type"]).startswith("response."):
        decoder, transcript = responses.Stream(), responses.Said()
    elif len(pieces) == 1 and (known := _WHOLE.get(str(kind))) is not None:
        check, transcript = known[0], known[1]()
        transcript.add(check(first))
        return _saved(pieces, transcript, "answer", head)
    else:
        return None
    for chunk in _decoded(decoder, pieces):
        transcript.add(chunk)
    return _saved(pieces, transcript, "stream", head)


_WHOLE: Final[dict[str, tuple[Callable[[dict[str, Any]], Chunk], Callable[[], Transcript]]]] = {
    "chat.completion": (chat.whole, lambda: choices.Transcript(voices.MESSAGE)),
    "text_completion": (completions.whole, lambda: choices.Transcript(voices.COMPLETION)),
    "response": (responses.whole, responses.Said),
    "list": (embeddings.whole, embeddings.Vectors),
}


def _decoded(decoder: Decoder, pieces: list[dict[str, Any]]) -> list[Chunk]:
    """The pieces through the same decoder that the wire goes through. What is kept of a stream that was cut ends where
    it was cut."""
    chunks: list[Chunk] = []
    try:
        for piece in pieces:
            chunks += decoder.feed(write(encode(piece)))
        chunks += decoder.feed(write(choices.DONE))
    except Unavailable as error:
        if error.code != "upstream.truncated":
            raise
    return chunks


def _saved(pieces: list[dict[str, Any]], transcript: Transcript, form: str, head: str) -> Saved:
    records: list[str] = [head]
    objects: list[aigc.Found] = []
    explicit = ""
    problems: list[str] = []
    for piece in pieces:
        inner = piece.get("response")
        for place in (piece, inner) if isinstance(inner, dict) else (piece,):
            identity = place.get("id")
            if isinstance(identity, str):
                records.append(record_id(identity))
            member = place.get(EXTENSION)
            if isinstance(member, dict):
                records.append(record_id(str(member.get("record", ""))))
                words = member.get("explicit")
                explicit = explicit or (words if isinstance(words, str) else "")
                try:
                    objects.append(aigc.of_object(member.get("AIGC")))
                except VerificationError:
                    problems.append("aigc_malformed")
    if any(each.aigc != objects[0].aigc for each in objects):
        problems.append("aigc_differ")
        records.extend(record_id(each.aigc.produce_id) for each in objects)
    seen = next((words for text in _raw_texts(transcript) if (words := found(text))), "")
    label = judge(
        explicit=seen or explicit,
        aigc=objects[0] if objects else None,
        records=tuple(dict.fromkeys(records)),
        problems=tuple(problems),
    )
    return Saved(label.record if record_id(label.record) else "", transcript.body(), transcript.texts(), label, form)


def _raw_texts(transcript: Transcript) -> list[str]:
    content = transcript.body()
    said = _decode(content)["choices"] if content else []
    return [choice.get("text") or choice.get("refusal") or "" for choice in said]


def _of_refusal(pieces: list[dict[str, Any]], head: str) -> Saved | None:
    """An error's body says nothing that anybody answers for; it may name the record of the refusal."""
    error = pieces[0].get("error")
    member = error.get(EXTENSION) if isinstance(error, dict) else None
    named = record_id(str(member.get("record", ""))) if isinstance(member, dict) else ""
    if len(pieces) != 1 or not named:
        return None
    label = judge(records=(head, named))
    return Saved(label.record, b"", (), label, "record")


def _damaged(data: bytes, head: str) -> Saved | None:
    """What begins as an answer does and names a record, but cannot be read: it was changed, and its own bytes are what
    it says. None for anything else."""
    if not data.lstrip().startswith(_BEGINNINGS):
        return None
    named = (head, *(match.decode() for match in _NAMED.findall(data)))
    label = judge(records=tuple(dict.fromkeys(named)))
    return Saved(label.record, data, (), label, "answer") if record_id(label.record) else None


def _of_text(data: bytes, head: str) -> Saved:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Saved(head, b"", (), judge(readable=False), "unreadable")
    if alone := record_id(text):
        return Saved(alone, b"", (), judge(records=(alone,)), "record")
    label = judge(explicit=found(text), records=(head,))
    copied = plain(text)
    content = body((Choice(text=text),)) if text else b""
    return Saved(head, content, (copied,) if copied else (), label, "text")
