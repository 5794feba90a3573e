# SPDX-License-Identifier: Apache-2.0
"""Tokens become text: bytes of a character may come in several tokens, and a stop sequence in several pieces."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class Speech:
    """The text of one choice while it is drawn. stops: where it ends; what may become one is kept back until it is
    known. The stop sequence itself is not said."""

    __slots__ = ("_decode", "_held", "_stops", "stopped")

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """What can be said by now, "" for nothing yet. data: of the next token."""
        return self._say(self._decode(data), last=False)

    def end(self) -> str:
        """What was kept back; a character that nobody finished is left out."""
        return self._say("", last=True)

    def _say(self, text: str, *, last: bool) -> str:
        if self.stopped:
            return ""
        held = self._held + text
        found = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return held[: min(found)]
        keep = 0 if last else max((_begun(held, stop) for stop in self._stops), default=0)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]


def _begun(text: str, stop: str) -> int:
    """Characters at the end of `text` with which `stop` begins."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
