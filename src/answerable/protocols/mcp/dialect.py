# SPDX-License-Identifier: Apache-2.0
"""A tool call as the path carries it (`ports.Dialect`): what is sent to the server, what it answers, what leaves.

What was judged is sent: the request is written anew, in the one text that its value has (RFC 8785), and nothing of the
caller's message goes on beside it: no member that nobody knows, no `_meta`, no header.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from answerable.crypto import jcs
from answerable.model.actions import Chunk
from answerable.model.media import LabelledMedium
from answerable.model.terms import Act
from answerable.ports import Decoder as DecoderPort
from answerable.ports import LabelFormat
from answerable.ports import Transcript as TranscriptPort
from answerable.protocols.mcp import results
from answerable.protocols.mcp.message import CALL, Message
from answerable.protocols.mcp.replies import result
from answerable.protocols.mcp.revisions import RECORD

JSON: Final = "application/json"

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def request_of(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """`Action.request` of a call: what is judged, approved, and sent."""
    return {"arguments": arguments, "name": name}


class ToolCall:
    """The dialect of one call. message: the caller's, for the id and the revision of the answer; labels: how a result
    carries its label; written: a request with its bytes, as `prepare` would make them."""

    act: Act = Act.TOOL_CALL
    path: str = CALL
    kind: str = JSON
    answers: str = JSON
    original: bytes = b""
    limits: tuple[str, ...] = ()

    __slots__ = ("_labels", "_message", "_written")

    def __init__(
        self, message: Message, labels: LabelFormat[Chunk], written: tuple[dict[str, Any], bytes] | None = None
    ) -> None:
        self._message = message
        self._labels = labels
        self._written = written

    def prepare(self, request: dict[str, Any], model: str, *, stream: bool) -> bytes:
        """RFC 8785 JSON of `request`. Raises VerificationError ``log.encoding`` for what has no such text."""
        if self._written is not None and self._written[0] is request:
            return self._written[1]
        return jcs.dumps(request)

    def decoder(self, *, stream: bool) -> DecoderPort:
        return results.Decoder()

    def label_format(self, *, stream: bool) -> LabelFormat[Chunk]:
        return self._labels

    def stamp(self, chunk: Chunk, record: str, model: str) -> None:
        chunk.body["_meta"][RECORD] = record

    def content(self) -> TranscriptPort:
        return Transcript()

    def encode(self, chunk: Chunk, *, stream: bool) -> bytes:
        return result(self._message, chunk.body)

    def replay(self, content: bytes) -> bytes:
        """The answer to this call out of what the same call answered before (`Transcript.body`). It names the record of
        the call that ran."""
        return result(self._message, _decode(content))

    def trailer(self, *, stream: bool) -> bytes:
        return b""


class Transcript:
    """`ports.Transcript`: the result as it left, in RFC 8785 JSON, files and all, so that it can be given again."""

    __slots__ = ("_body",)

    def __init__(self) -> None:
        self._body: dict[str, Any] | None = None

    def add(self, chunk: Chunk) -> None:
        self._body = chunk.body

    def body(self, files: Sequence[LabelledMedium] = ()) -> bytes:
        return jcs.dumps(self._body) if self._body is not None else b""

    def texts(self) -> tuple[str, ...]:
        if self._body is None:
            return ()
        found = [_text(block) for block in self._body["content"]]
        return tuple(text for text in found if text)


def _text(block: dict[str, Any]) -> str:
    text = block.get("text") if block["type"] == "text" else block.get("resource", {}).get("text", "")
    return text if isinstance(text, str) else ""
