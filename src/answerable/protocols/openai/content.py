# SPDX-License-Identifier: Apache-2.0
"""The canonical content body: what an `out` commitment is over (`docs/spec/content.md`).

One small JSON object for all endpoints, the same whether the answer was streamed or not, and whether it is read from
the wire, from a capture of it or from what an SDK saved. RFC 8785 by construction: members are declared in alphabetical
order and hold texts and lists alone.
"""

from __future__ import annotations

import struct
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from answerable.marks.kept import VERSION, Kept
from answerable.model.media import LabelledMedium


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tool call that the model asks for. arguments: the text as the model wrote it."""

    arguments: str = ""
    id: str = ""
    name: str = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer of several. text: what people read, label included."""

    calls: tuple[Call, ...] = ()
    reasoning: str = ""
    refusal: str = ""
    text: str = ""
    vector: str = ""  # base64 of little-endian float32


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """files: pictures, sounds and files in the answer, as they were labelled, in the order in which they came."""

    choices: tuple[Choice, ...]
    files: tuple[Kept, ...] | msgspec.UnsetType = msgspec.UNSET
    v: Literal[1] = 1


_encode = msgspec.json.Encoder().encode


def body(choices: Iterable[Choice], files: Sequence[LabelledMedium] = ()) -> bytes:
    """The canonical bytes of the answer that consists of `choices`, in the order of their index, and `files`."""
    return _encode(Body(choices=tuple(choices), files=tuple(map(kept, files)) or msgspec.UNSET))


def kept(file: LabelledMedium) -> Kept:
    """What a record keeps of a labelled file."""
    return Kept(
        aigc=file.aigc,
        before=file.before.hex(),
        content=file.content.hex(),
        digest=file.digest.hex(),
        layers=file.layers,
        media=file.media,
        size=len(file.data),
        v=VERSION,
    )


def vector(numbers: list[float]) -> str:
    """An embedding as the texts that OpenAI's ``encoding_format: base64`` has: little-endian float32.

    Raises ValueError for what is not a list of numbers in the range of float32.
    """
    if not numbers:
        raise ValueError("not a vector")
    try:
        packed = struct.pack(f"<{len(numbers)}f", *numbers)
    except (struct.error, OverflowError) as error:
        raise ValueError("not a vector") from error
    return b2a_base64(packed, newline=False).decode("ascii")


def canonical(text: str) -> str:
    """A vector that travelled as base64, in its one canonical text. Raises ValueError for what is not a vector."""
    packed = a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)  # binascii.Error is a ValueError
    if not packed or len(packed) % 4:
        raise ValueError("not a vector")
    return b2a_base64(packed, newline=False).decode("ascii")


class Pieces:
    """One choice while it is being said."""

    __slots__ = ("calls", "reasoning", "refusal", "text")

    def __init__(self) -> None:
        self.text: list[str] = []
        self.refusal: list[str] = []
        self.reasoning: list[str] = []
        self.calls: dict[int, list[str]] = {}  # index of the call -> id, name, and pieces of its arguments

    def choice(self) -> Choice:
        text = "".join(self.text)
        if not (self.calls or self.refusal or self.reasoning):  # nearly every answer
            return Choice(text=text)
        return Choice(
            calls=tuple(
                Call(id=call[0], name=call[1], arguments="".join(call[2:])) for _, call in sorted(self.calls.items())
            ),
            reasoning="".join(self.reasoning),
            refusal="".join(self.refusal),
            text=text,
        )
