# SPDX-License-Identifier: Apache-2.0
"""Members of Responses events that OpenAI's SDKs rely on and other servers leave out.

The SDK's stream helpers place each event by `output_index` and `content_index`, and number events by `sequence_number`;
llama.cpp sends none of them, only item ids. What is there already stays as it is; no event is added.
"""

from __future__ import annotations

from typing import Any, Final

from answerable.protocols.openai.answers import MAX_VOICES, broken

# Events of one part of a message or of a reasoning item.
_PARTS: Final = ("response.content_part.", "response.output_text.", "response.refusal.", "response.reasoning_text.")
_SUMMARIES: Final = ("response.reasoning_summary_part.", "response.reasoning_summary_text.")


class Filling:
    """Counts along one stream: events, items in the order in which they are added, parts of each item."""

    __slots__ = ("_events", "_items", "_latest", "_parts")

    def __init__(self) -> None:
        self._events = 0
        self._items: dict[str, int] = {}
        self._parts: dict[int, int] = {}
        self._latest = 0

    def fill(self, kind: str, event: dict[str, Any]) -> None:
        """kind: the event's `type`. Raises Unavailable ``upstream.broken`` for more than 1,024 items."""
        event.setdefault("sequence_number", self._events)
        self._events += 1
        if "output_index" in event and "content_index" in event and "logprobs" in event:
            return
        response = event.get("response")
        if isinstance(response, dict):
            response.setdefault("output", [])
            return
        item = event.get("item")
        if isinstance(item, dict):
            identity = item.get("id")
            # Not to be a failure of ours where an upstream gives an item no id.
            event.setdefault("output_index", self._place(identity if isinstance(identity, str) else "", kind))
        elif "item_id" in event:
            event.setdefault("output_index", self._place(str(event["item_id"]), kind))
        if kind.startswith(_PARTS) and "content_index" not in event:
            place = event.get("output_index")
            event["content_index"] = self._part(place if type(place) is int else 0, kind)
        elif kind.startswith(_SUMMARIES):
            event.setdefault("summary_index", 0)
        if kind in ("response.output_text.delta", "response.output_text.done"):
            event.setdefault("logprobs", [])

    def _place(self, identity: str, kind: str) -> int:
        place = self._items.get(identity)
        if place is None:
            if kind != "response.output_item.added" and self._items:
                return self._latest
            place = self._latest = self._items[identity] = len(self._items)
            if place >= MAX_VOICES:
                raise broken("too many items")
        return place

    def _part(self, place: int, kind: str) -> int:
        """Parts of an item come one after the other: the newest is the one that is spoken of."""
        if kind == "response.content_part.added":
            self._parts[place] = self._parts.get(place, -1) + 1
        return self._parts.get(place, 0)
