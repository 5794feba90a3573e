# SPDX-License-Identifier: Apache-2.0
"""The short way of the pieces of a stream that differ in their text alone: nearly all of them.

A `Form` is learnt from one piece that went the long way: the bytes before its text and the bytes after it. A later
piece between the same bytes, with one JSON string's worth between them, says the same but for that text; the first is
proven once, when the form is learnt, the second for each piece. Such a piece is neither decoded nor encoded as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec

from answerable.model.actions import Chunk
from answerable.protocols.openai.answers import encode, members
from answerable.protocols.openai.plain import Plain

# Needs no escape in JSON and stands in no answer but by ill will; checked then.
_PROBE: Final = "answerable:0:probe"
# The text of one JSON string, quotes included. That it decodes is the proof that its bytes are one string and no more.
text_of = msgspec.json.Decoder(str).decode
_list_of = msgspec.json.Decoder(list[str]).decode


def texts_of(raws: list[bytes]) -> str:
    """What the texts of several JSON strings say, one after the other. raws: without their quotes.

    Where none has a quote or an escape, none can end before its end, and they are read as one list: a quote stands
    between any two, so that each is still valid by itself. Raises ValueError for what is not one string each.
    """
    listed = b'","'.join(raws)
    if b"\\" not in listed and listed.count(b'"') == 2 * (len(raws) - 1):
        return "".join(_list_of(b'["%b"]' % listed))
    return "".join([text_of(b'"%b"' % raw) for raw in raws])


class Form:
    """head, tail: bytes around the text, neither empty; wire_head, wire_tail: of an event; index: of the choice that
    speaks; out: the bytes around the text of an event as it is sent, None until the first is stamped."""

    __slots__ = ("_between", "_least", "head", "index", "out", "tail", "wire_head", "wire_tail")

    def __init__(self, head: bytes, tail: bytes, index: int) -> None:
        self.head = head
        self.tail = tail
        self.wire_head = b"data: " + head
        self.wire_tail = tail + b"\n\n"
        self._least = len(self.wire_head) + len(self.wire_tail)
        self._between = slice(len(self.wire_head), -len(self.wire_tail))
        self.index = index
        self.out: tuple[bytes, bytes] | None = None

    def alone(self, data: bytes) -> bytes | None:
        """What stands between head and tail if `data` is one event that has both; as `run`."""
        if data.startswith(self.wire_head) and data.endswith(self.wire_tail) and len(data) >= self._least:
            raw = data[self._between]
            return None if b"\n" in raw else raw
        return None

    def run(self, events: list[bytes], start: int, end: int) -> list[bytes]:
        """What stands between head and tail in the events from `start` on that have both, up to the first that has
        not, or to `end`; whether that is one string each is not looked at."""
        head, tail = self.head, self.tail
        if not events[start].startswith(head):
            return []
        while end > start and not (events[end - 1].startswith(head) and events[end - 1].endswith(tail)):
            end -= 1  # how a stream ends has another form
        if end == start:
            return []
        run = events[start:end] if start or end < len(events) else events
        between = slice(len(head), -len(tail))
        raws = [event[between] for event in run]
        # Put together again they are what came: then each of them had both.
        if head + (tail + b"\n" + head).join(raws) + tail == b"\n".join(run):
            return raws
        return self.run(events, start, start + 1) if len(run) > 1 else []


class Repeat(Chunk):
    """One piece that has a known form, or several that one read brought, one after the other. said: their text; raws:
    the same as bytes, piece by piece.

    `body` of one piece is made when somebody asks for it, and from then on it is what counts.
    """

    __slots__ = ("form", "raws", "said")

    def __init__(self, form: Form, raws: list[bytes], said: str, text: str) -> None:
        self.form: Form | None = form
        self.raws = raws
        self.said = said
        self.text = text
        self.event = ""
        self.usage = None
        self.last = False

    @property
    def pieces(self) -> int:
        return len(self.raws) - self.raws.count(b"")

    def wire(self, head: bytes, tail: bytes) -> bytes:
        """The events, with these bytes around each text."""
        raws = self.raws
        return head + (raws[0] if len(raws) == 1 else (tail + head).join(raws)) + tail

    def __getattr__(self, name: str) -> Any:
        if name != "body" or self.form is None or len(self.raws) != 1:
            raise AttributeError(name)
        # As it stands by now: stamped, if it was.
        form, out = self.form, self.form.out
        head, tail = out if out is not None else (form.wire_head, form.wire_tail)
        self.body = members(self.wire(head, tail)[len(b"data: ") :])
        self.form = None
        return self.body


def learn(data: bytes, piece: Plain) -> Form | None:
    """The form of a piece that says something; None if it has none. data: the piece as it came."""
    body, part, key = piece.body, piece.part, piece.key
    text = part[key]
    # As most servers write it, or as those do that write ASCII alone.
    member = encode(text)
    if member not in data:
        member = json.dumps(text).encode()
    if data.count(member) != 1 or _PROBE.encode() in data:
        return None
    start = data.index(member)
    form = Form(data[: start + 1], data[start + len(member) - 1 :], piece.index)
    # The proof: with another text between the same bytes, that text is all that changes.
    probe = members(form.head + _PROBE.encode() + form.tail)
    part[key] = _PROBE
    same = probe == body
    part[key] = text
    # Written as escapes it may stand elsewhere too: `prepare` would take that place for the text's.
    return form if same and encode(probe).count(_PROBE.encode()) == 1 else None


def prepare(form: Form, set_ids: Callable[[Chunk], None]) -> None:
    """Find out how pieces of this form are sent, once. set_ids: stamps the piece that it is given in the long way."""
    if form.out is None:
        example = Chunk(members(form.head + _PROBE.encode() + form.tail))
        set_ids(example)
        head, _, tail = encode(example.body).partition(_PROBE.encode())
        form.out = (b"data: " + head, tail + b"\n\n")
