# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/responses``.

Each text travels more than once in a stream, so what is repeated must be what was said: an upstream that shows people
one text and saves another is broken, and nothing of it goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from answerable.errors import Refused, Unavailable
from answerable.marks.wording import plain
from answerable.model.actions import Chunk
from answerable.model.media import LabelledMedium
from answerable.ports import Decoder, Transcript
from answerable.protocols.openai import marker
from answerable.protocols.openai.answers import MAX_ANSWER, Weave, Whole, broken, members, usage
from answerable.protocols.openai.content import Call, Choice, body
from answerable.protocols.openai.endpoint import Endpoint, unlabelled_turns
from answerable.protocols.openai.filling import Filling
from answerable.protocols.openai.slots import (
    CALL,
    DELTA,
    PLACES,
    REASONING,
    REFUSAL,
    SUMMARY,
    TEXT,
    Key,
    Slot,
    others,
    slots,
)
from answerable.protocols.openai.strays import Overheard
from answerable.protocols.sse import Reader

ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
PREVIOUS: Final = "previous_response_id"
_DELTA: Final = "response.output_text.delta"


class Responses(Endpoint):
    """Responses, streamed as named events; the last one ends the stream, there is no ``[DONE]``."""

    path: str = "/v1/responses"
    prefix: str = "resp_"
    limits: tuple[str, ...] = ("max_output_tokens",)

    __slots__ = ()

    def _adapt(self, body: dict[str, Any], *, stream: bool) -> None:
        if body.get(PREVIOUS) is not None:
            body[PREVIOUS] = self._behind(body[PREVIOUS])
        if "input" in body:
            body["input"] = unlabelled_turns(body["input"], ("output_text",))

    def _behind(self, ours: str) -> str:
        """The server's id of an earlier response: known to a `threads.Threaded` alone."""
        raise Refused("request.response_unknown")

    def decoder(self, *, stream: bool) -> Decoder:
        return Stream() if stream else Whole(whole)

    def marker(self) -> marker.Marker:
        return Marker()

    def content(self) -> Transcript:
        return Said()

    def stamp(self, chunk: Chunk, record: str, model: str) -> None:
        """Item ids stay: they are references inside the answer."""
        body = chunk.body
        response = body.get("response")
        if isinstance(response, dict):
            body = response
        elif "type" in body:
            if "response_id" in body:
                body["response_id"] = self.prefix + record
            return
        if "id" in body:
            body["id"] = self.prefix + record
        if "model" in body:
            body["model"] = model

    def trailer(self, *, stream: bool) -> bytes:
        return b""


def whole(answer: dict[str, Any]) -> Chunk:
    """The one piece of an unstreamed response. Raises Unavailable ``upstream.broken``."""
    if not isinstance(answer.get("output"), list) or "type" in answer:
        raise broken("no output")
    weave = Weave()
    text = "".join(weave.say(slot.key, slot.text) for slot in slots(answer) if slot.text)
    overheard = Overheard(weave)
    text += "".join([overheard.hear("", holder, known) for holder, known in others(answer)])
    return overheard.borne(Chunk(answer, text, usage=usage(answer.get("usage"), "input_tokens", "output_tokens")))


class Texts:
    """The texts of one response as they are said, each under its key."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: dict[Key, list[str]] = {}

    def hear(self, slot: Slot) -> str:
        """What is new in `slot`. Raises Unavailable ``upstream.broken`` if it repeats another text than was said."""
        if not slot.text:
            return ""
        pieces = self.pieces.get(slot.key)
        if pieces is None:
            self.pieces[slot.key] = [slot.text]
            return slot.text
        if not slot.whole:
            pieces.append(slot.text)
            return slot.text
        said = "".join(pieces)
        pieces[:] = [said]
        if said != slot.text:
            raise broken("a text that is repeated differently")
        return ""

    def more(self, event: dict[str, Any]) -> tuple[Key, str] | None:
        """The next piece of a text that has begun, in the short way; None for any other event."""
        if event.get("type") != _DELTA or not PLACES.isdisjoint(event):
            return None
        place, index, text = event.get("output_index"), event.get("content_index"), event.get("delta")
        if type(place) is not int or type(index) is not int or type(text) is not str:
            return None
        key = (TEXT, place, index)
        if (pieces := self.pieces.get(key)) is None:
            return None
        pieces.append(text)
        return key, text


class Stream:
    """Decoder of a stream of events."""

    __slots__ = ("_done", "_filling", "_overheard", "_size", "_sse", "_texts", "_weave")

    def __init__(self) -> None:
        self._sse = Reader()
        self._filling = Filling()
        self._weave = Weave()
        self._overheard = Overheard(self._weave)
        self._texts = Texts()
        self._done = False
        self._size = 0

    def feed(self, data: bytes) -> list[Chunk]:
        """Raises Unavailable ``upstream.broken|oversized``."""
        self._size += len(data)
        if self._size > MAX_ANSWER:
            raise Unavailable("upstream.oversized", limit=MAX_ANSWER)
        out: list[Chunk] = []
        for name, piece in self._sse.feed(data):
            if self._done or piece == b"[DONE]":
                break
            if piece:
                out.append(self._piece(name.decode("utf-8", "replace"), members(piece)))
        return out

    def end(self) -> list[Chunk]:
        """Raises Unavailable ``upstream.truncated`` unless an event ended the response."""
        if not self._done:
            raise Unavailable("upstream.truncated")
        return []

    def _piece(self, name: str, event: dict[str, Any]) -> Chunk:
        kind = event.get("type")
        if not isinstance(kind, str):
            raise broken("an event without type")
        if kind == "error":
            raise broken("an error in place of an answer")
        self._filling.fill(kind, event)
        # Readers go by the name on the wire or by the type: what was looked at is the type. Equal to a name that came
        # as one line, it is one line too.
        chunk = Chunk(event, event=kind if name == kind else "")
        if (more := self._texts.more(event)) is not None:
            chunk.text = self._weave.say(*more) + self._overheard.hear(kind, event, DELTA)
            return self._overheard.borne(chunk)
        for slot in slots(event):
            if new := self._texts.hear(slot):
                chunk.text += self._weave.say(slot.key, new)
        for holder, known in others(event):
            chunk.text += self._overheard.hear(kind if holder is event else "", holder, known)
        if kind in ENDS:
            self._done = chunk.last = True
            response = event.get("response")
            if not isinstance(response, dict):
                raise broken("an end without response")
            chunk.usage = usage(response.get("usage"), "input_tokens", "output_tokens")
        return self._overheard.borne(chunk)


class Said:
    """The transcript of a response: one choice, its texts joined as the SDK's ``output_text`` joins them."""

    __slots__ = ("_calls", "_sent", "_texts")

    def __init__(self) -> None:
        self._texts = Texts()
        self._calls: dict[Key, tuple[str, str]] = {}
        self._sent = False

    def add(self, chunk: Chunk) -> None:
        self._sent = True
        if self._texts.more(chunk.body) is not None:
            return
        for slot in slots(chunk.body):
            self._texts.hear(slot)
            if slot.id or slot.name:
                self._calls[slot.key] = slot.id, slot.name

    def body(self, files: Sequence[LabelledMedium] = ()) -> bytes:
        """The canonical content; b"" if nothing was sent."""
        return body((self._choice(),), files) if self._sent else b""

    def texts(self) -> tuple[str, ...]:
        choice = self._choice()
        return (plain(choice.text or choice.refusal),)

    def _choice(self) -> Choice:
        said = {key: "".join(pieces) for key, pieces in self._texts.pieces.items()}
        calls = sorted({key for key in said if key[0] == CALL} | self._calls.keys())
        return Choice(
            calls=tuple(
                Call(arguments=said.get(key, ""), id=id, name=name)
                for key in calls
                for id, name in (self._calls.get(key, ("", "")),)
            ),
            reasoning=_joined(said, (SUMMARY, REASONING)),
            refusal=_joined(said, (REFUSAL,)),
            text=_joined(said, (TEXT,)),
        )


def _joined(said: dict[Key, str], kinds: tuple[str, ...]) -> str:
    found = sorted((key[1], kinds.index(key[0]), key[2], text) for key, text in said.items() if key[0] in kinds)
    return "".join(text for *_, text in found)


class Marker:
    """Sets words before the first text of the response, wherever that text stands."""

    __slots__ = ("_by", "_first")

    def __init__(self) -> None:
        self._first: Key | None = None
        self._by = 0

    def begin(self, chunk: Chunk, prefix: str) -> None:
        event = chunk.body
        if event.get("type") == _DELTA and self._first is not None:
            return
        for slot in slots(event):
            if slot.key[0] not in (TEXT, REFUSAL) or not slot.text:
                continue
            begins = self._first is None
            if begins:
                self._first = slot.key
                # An upstream that is a gateway of this kind has set the same words already.
                self._by = 0 if slot.text.startswith(prefix) else len(prefix)
            if slot.key == self._first and self._by and (begins or slot.whole):
                slot.holder[slot.member] = prefix + slot.text
                marker.move(slot.holder.get("annotations"), self._by)
        if "annotation" in event and self._first == (TEXT, event.get("output_index"), event.get("content_index")):
            marker.move([event["annotation"]], self._by)

    def place(self, chunk: Chunk) -> dict[str, Any]:
        response = chunk.body.get("response")
        return response if isinstance(response, dict) else chunk.body
