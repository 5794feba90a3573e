# SPDX-License-Identifier: Apache-2.0
"""Answers that consist of choices: chat and text completions. Decoder of their streams, transcript and marker.

A piece that ends a choice is kept back until the next one or the end arrives: only then it is known which piece is the
last that is sent, and that piece carries the label's second mark. No piece is ever added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from answerable.errors import Unavailable
from answerable.marks import wording
from answerable.model.actions import Chunk
from answerable.model.media import LabelledMedium
from answerable.protocols.openai.answers import MAX_ANSWER, Weave, broken, members, usage
from answerable.protocols.openai.content import Pieces, body
from answerable.protocols.openai.endpoint import Endpoint
from answerable.protocols.openai.forms import Form, Repeat, learn, prepare, text_of, texts_of
from answerable.protocols.openai.marker import move
from answerable.protocols.openai.plain import Plain, plain
from answerable.protocols.openai.strays import Overheard, beside, beside_whole
from answerable.protocols.openai.voices import CALL, REASONING, REFUSAL, TEXT, Utterance, Voice
from answerable.protocols.sse import Reader

DONE: Final = b"[DONE]"
# Learning a form costs about as much as four pieces that have one; a stream that changes all the time is left alone.
_COST: Final = 4
_CREDIT: Final = 32


def choices_of(answer: dict[str, Any]) -> list[Any]:
    """The choices of an answer or piece, [] for none. Raises Unavailable ``upstream.broken``."""
    choices = answer.get("choices")
    if choices is None:
        return []
    if type(choices) is not list:
        raise broken("choices is not a list")
    return choices


def _weigh(weave: Weave, index: int, said: list[Utterance]) -> str:
    """What detectors see of one choice."""
    return "".join(
        weave.say((index, each.kind, each.call) if each.kind != TEXT else index, each.name + each.text)
        for each in said
        if each.name or each.text
    )


def whole(answer: dict[str, Any], voice: Voice) -> Chunk:
    """The one piece of an unstreamed answer. Raises Unavailable ``upstream.broken``."""
    if (known := plain(answer, voice)) is not None:
        return known
    choices = choices_of(answer)
    if not choices:
        raise broken("no choices")
    weave = Weave()
    texts = []
    seen: set[int] = set()
    for choice in choices:
        index, part = voice.speaker(choice)
        if index in seen:
            raise broken("two choices with one index")
        seen.add(index)
        voice.alone(choice)
        texts.append(_weigh(weave, index, voice.utterances(part)))
    overheard = Overheard(Weave())
    return overheard.borne(
        Chunk(
            answer,
            "".join(texts) + beside_whole(overheard, answer, voice),
            usage=usage(answer.get("usage"), "prompt_tokens", "completion_tokens"),
        )
    )


class Stream:
    """Decoder of a stream of choices. usage_wanted: whether the client asked for the last piece, the one with the usage
    alone; we always ask the upstream for it, and read it either way."""

    __slots__ = (
        "_credit",
        "_done",
        "_finished",
        "_form",
        "_held",
        "_overheard",
        "_size",
        "_spoken",
        "_sse",
        "_usage_wanted",
        "_voice",
        "_weave",
    )

    def __init__(self, voice: Voice, *, usage_wanted: bool) -> None:
        self._voice = voice
        self._usage_wanted = usage_wanted
        self._sse = Reader()
        self._weave = Weave()
        self._overheard = Overheard(self._weave)
        self._held: Chunk | None = None
        self._spoken: set[int] = set()
        self._finished: set[int] = set()
        self._form: Form | None = None
        self._credit = _CREDIT
        self._done = False
        self._size = 0

    def feed(self, data: bytes) -> list[Chunk]:
        """Raises Unavailable ``upstream.broken|oversized|truncated``."""
        self._size += len(data)
        if self._size > MAX_ANSWER:
            raise Unavailable("upstream.oversized", limit=MAX_ANSWER)
        # One read is often one event, and that of the known form.
        if (
            (form := self._form) is not None
            and self._held is None
            and (raw := form.alone(data)) is not None
            and self._sse.idle
            and (again := self._again(form, [raw])) is not None
        ):
            return [again]
        out: list[Chunk] = []
        events = self._sse.data(data)
        at, end = 0, len(events)
        together = end
        while at < end and not self._done:
            if (
                (form := self._form) is not None
                and self._held is None
                and (raws := form.run(events, at, together if together > at else at + 1))
            ):
                if len(raws) < together - at:  # what comes after has other forms: one by one
                    together = at + len(raws)
                if (again := self._again(form, raws)) is not None:
                    out.append(again)  # watched, labelled and sent together, as they came together
                    at += len(raws)
                    continue
                if len(raws) > 1:  # one of them is not what it looks like: from here on one by one
                    together = 0
                    continue
            event = events[at]
            at += 1
            if event == DONE:
                self._finish(out)
            elif event:
                self._piece(event, out)
        return out

    def end(self) -> list[Chunk]:
        """Raises Unavailable ``upstream.truncated`` unless the upstream said that it is done."""
        if not self._done:
            raise Unavailable("upstream.truncated")
        return []

    def _again(self, form: Form, raws: list[bytes]) -> Repeat | None:
        """The pieces that say `raws` in the form that is known; None if that is not one string each."""
        try:
            said = text_of(b'"%b"' % raws[0]) if len(raws) == 1 else texts_of(raws)
        except ValueError:  # msgspec's errors and UnicodeDecodeError are ValueErrors
            return None
        self._credit += len(raws)
        return Repeat(form, raws, said, self._weave.say(form.index, said) if said else "")

    def _piece(self, data: bytes, out: list[Chunk]) -> None:
        answer = members(data)
        chunk: Chunk
        known = plain(answer, self._voice)
        if known is not None:
            chunk = known
            ends = known.ends
            self._spoken.add(known.index)
            if ends:
                self._finished.add(known.index)
            if chunk.text:
                chunk.text = self._weave.say(known.index, chunk.text)
        else:
            chunk = Chunk(answer)
            ends = self._read(chunk)
            chunk = self._overheard.borne(chunk)
            if not answer.get("choices") and chunk.usage is not None and not self._usage_wanted:
                # Read, but not passed on: its figures go with the piece that is sent instead.
                if self._held is not None:
                    self._held.usage = chunk.usage
                return
        if self._held is not None:
            out.append(self._held)
            self._held = None
        if ends:
            self._held = chunk
            return
        out.append(chunk)
        # A choice that has ended and speaks again is nothing to be learnt from.
        learns = known is not None and chunk.text and chunk.usage is None and known.index not in self._finished
        if known is not None and learns and self._credit >= _COST:
            self._credit -= _COST
            self._form = learn(data, known) or self._form

    def _read(self, chunk: Chunk) -> bool:
        """Fill a piece in, the long way; returns whether it ends a choice."""
        answer = chunk.body
        choices = choices_of(answer)
        chunk.usage = usage(answer.get("usage"), "prompt_tokens", "completion_tokens")
        ends = not choices and bool(self._finished)
        texts: list[str] = []
        for choice in choices:
            index, part = self._voice.speaker(choice)
            self._voice.alone(choice)
            texts.append(_weigh(self._weave, index, self._voice.utterances(part)))
            self._spoken.add(index)
            if choice.get("finish_reason") is not None:
                self._finished.add(index)
                ends = True
        texts.append(beside(self._overheard, answer, self._voice))
        chunk.text = "".join(texts)
        return ends

    def _finish(self, out: list[Chunk]) -> None:
        if self._held is None or not self._spoken <= self._finished:
            raise Unavailable("upstream.truncated")
        self._held.last = True
        out.append(self._held)
        self._held = None
        self._form = None  # nothing is said after the end
        self._done = True


class ChoiceEndpoint(Endpoint):
    """An endpoint whose streams may take the short way (`forms`)."""

    __slots__ = ()

    def stamp(self, chunk: Chunk, record: str, model: str) -> None:
        if type(chunk) is not Repeat or (form := chunk.form) is None:
            super().stamp(chunk, record, model)
        elif form.out is None:
            # Record and model are those of the whole action, and the form belongs to its decoder.
            prepare(form, lambda example: super(ChoiceEndpoint, self).stamp(example, record, model))

    def encode(self, chunk: Chunk, *, stream: bool) -> bytes:
        if type(chunk) is Repeat and (form := chunk.form) is not None and (out := form.out) is not None:
            return chunk.wire(*out)
        return super().encode(chunk, stream=stream)


class Transcript:
    """Collects what choices say (`ports.Transcript`). To be fed with what is sent: label included."""

    __slots__ = ("_choices", "_voices")

    def __init__(self, *voices: Voice) -> None:
        self._voices = voices
        self._choices: dict[int, Pieces] = {}

    def add(self, chunk: Chunk) -> None:
        if type(chunk) is Repeat and (form := chunk.form) is not None:
            self._of(form.index).text.append(chunk.said)
            return
        if type(chunk) is Plain:
            pieces = self._of(chunk.index)
            if text := chunk.part.get(chunk.key):
                pieces.text.append(text)
            return
        for choice in choices_of(chunk.body):
            for voice in self._voices:
                if not voice.part or voice.part in choice:
                    self._hear(voice, choice)
                    break

    def _of(self, index: int) -> Pieces:
        pieces = self._choices.get(index)
        if pieces is None:
            pieces = self._choices[index] = Pieces()
        return pieces

    def _hear(self, voice: Voice, choice: dict[str, Any]) -> None:
        index, part = voice.speaker(choice)
        pieces = self._of(index)
        if text := voice.text_alone(part):
            pieces.text.append(text)
            return
        for said in voice.utterances(part):
            if said.kind == TEXT:
                pieces.text.append(said.text)
            elif said.kind == REFUSAL:
                pieces.refusal.append(said.text)
            elif said.kind == REASONING:
                pieces.reasoning.append(said.text)
            elif said.kind == CALL:
                call = pieces.calls.setdefault(said.call, ["", ""])
                call[0] = call[0] or said.id
                call[1] += said.name
                call.append(said.text)

    def body(self, files: Sequence[LabelledMedium] = ()) -> bytes:
        """The canonical content; b"" if nothing was sent."""
        return body([pieces.choice() for pieces in self._sorted()], files) if self._choices else b""

    def texts(self) -> tuple[str, ...]:
        """Each choice's text (or refusal), without label and outer white space."""
        return tuple([wording.plain("".join(pieces.text) or "".join(pieces.refusal)) for pieces in self._sorted()])

    def _sorted(self) -> list[Pieces]:
        choices = self._choices
        return [choices[index] for index in sorted(choices)] if len(choices) > 1 else list(choices.values())


class Marker:
    """Sets words before the first text of each choice."""

    __slots__ = ("_begun", "_voices")

    def __init__(self, *voices: Voice) -> None:
        self._voices = voices
        self._begun: dict[int, int] = {}  # index of the choice -> length of what was set before it

    def begin(self, chunk: Chunk, prefix: str) -> None:
        if type(chunk) is Plain:
            if chunk.index not in self._begun:
                self._set(chunk.index, chunk.part, chunk.key, prefix)
            return
        for choice in choices_of(chunk.body):
            for voice in self._voices:
                if not voice.part or voice.part in choice:
                    index, part = voice.speaker(choice)
                    if index not in self._begun:
                        self._set(index, part, voice.text, prefix)
                    if "annotations" in part:
                        move(part["annotations"], self._begun.get(index, 0))
                    break

    def _set(self, index: int, part: dict[str, Any], key: str, prefix: str) -> None:
        for each in (key, "refusal"):
            if text := part.get(each):
                # An upstream that is a gateway of this kind has set the same words already.
                labelled = text.startswith(prefix)
                self._begun[index] = 0 if labelled else len(prefix)
                part[each] = text if labelled else prefix + text
                return

    def place(self, chunk: Chunk) -> dict[str, Any]:
        return chunk.body
