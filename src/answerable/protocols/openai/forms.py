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
from answerable.protocols.openai.marker import EXTENSION
from answerable.protocols.openai.voices import Voice
from answerable.protocols.sse import Event

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
    """head, tail: bytes around the text; wire_head, wire_tail: of an event that has this form; index: of the choice
    that speaks; out: the bytes around the text as they are sent, None until the first such piece is stamped."""

    __slots__ = ("head", "index", "out", "tail", "wire_head", "wire_tail")

    def __init__(self, head: bytes, tail: bytes, index: int) -> None:
        self.head = head
        self.tail = tail
        self.index = index
        self.wire_head = b"data: " + head
        self.wire_tail = tail + b"\n\n"
        self.out: tuple[bytes, bytes] | None = None

    def run(self, events: list[Event], start: int, end: int) -> list[bytes]:
        """What stands between head and tail in the events from `start` on that have both, up to the first that has
        not, or says nothing, or to `end`."""
        head, tail = self.head, self.tail
        before, after = len(head), len(tail)
        raws: list[bytes] = []
        for at in range(start, end):
            data = events[at][1]
            length = len(data) - after
            if length <= before or not data.startswith(head) or not data.endswith(tail):
                break
            raws.append(data[before:length])
        return raws


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

    def wire(self, head: bytes, tail: bytes) -> bytes:
        """The events, with these bytes around each text."""
        return head + (tail + head).join(self.raws) + tail

    def __getattr__(self, name: str) -> Any:
        if name != "body" or self.form is None or len(self.raws) != 1:
            raise AttributeError(name)
        # As it stands by now: stamped, if it was.
        form, out = self.form, self.form.out
        data = self.wire(*out) if out is not None else self.wire(form.wire_head, form.wire_tail)
        self.body = members(data[len(b"data: ") :])
        self.form = None
        return self.body


def learn(data: bytes, body: dict[str, Any], index: int, voice: Voice) -> Form | None:
    """The form of a piece whose only choice, `index`, says a text and nothing else; None if it has none.

    data: the piece; body: its members, untouched.
    """
    text = voice.part_of(body).get(voice.text)
    if not text or EXTENSION in body:
        return None
    # As most servers write it, or as those do that write ASCII alone.
    member = encode(text)
    if member not in data:
        member = json.dumps(text).encode()
    if data.count(member) != 1 or _PROBE.encode() in data:
        return None
    start = data.index(member)
    form = Form(data[: start + 1], data[start + len(member) - 1 :], index)
    # The proof: with another text between the same bytes, that text is all that changes.
    probe = members(form.head + _PROBE.encode() + form.tail)
    spoken = voice.part_of(probe)
    if spoken.get(voice.text) != _PROBE:
        return None
    spoken[voice.text] = text
    return form if probe == body else None


def prepare(form: Form, set_ids: Callable[[Chunk], None]) -> None:
    """Find out how pieces of this form are sent, once. set_ids: stamps the piece that it is given in the long way."""
    if form.out is None:
        example = Chunk(members(form.head + _PROBE.encode() + form.tail))
        set_ids(example)
        head, _, tail = encode(example.body).partition(_PROBE.encode())
        form.out = (b"data: " + head, tail + b"\n\n")
