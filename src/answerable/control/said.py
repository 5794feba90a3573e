# SPDX-License-Identifier: Apache-2.0
"""The words in a canonical content body, as people copy them (`docs/spec/content.md`)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from answerable.marks.wording import plain
from answerable.pipeline.found import sketch_tags
from answerable.ports.stores import Derive
from answerable.protocols.openai.content import Body

_decode = msgspec.json.Decoder(Body).decode


def texts(content: bytes) -> tuple[str, ...]:
    """Each choice's text (or refusal), without label and outer white space; none for what is no content body."""
    try:
        said = _decode(content)
    except (msgspec.MsgspecError, RecursionError):
        return ()
    return tuple(plain(choice.text or choice.refusal) for choice in said.choices)


def words_alone(content: bytes) -> bool:
    """Whether those words are all that it says: no reasoning, no tool call, no vector beside them."""
    return not any(choice.calls or choice.reasoning or choice.vector for choice in _decode(content).choices)


def deriving(key: bytes) -> Derive:
    """The tags by which what a record said is found when it was edited since. key: the index key, 32 bytes."""

    def derive(group: str, body: bytes) -> Iterator[bytes]:
        if group == "out":
            for text in texts(body):
                yield from sketch_tags(text, key)

    return derive
