# SPDX-License-Identifier: Apache-2.0
"""What a holder reads of a relay, and a relay of anyone, as fuzz targets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.errors import AnswerableError
from answerable.net.events import Follower
from answerable.net.sse import Event, Parser
from answerable.relay import posting
from answerable.relay.board import Board
from answerable.relay.fanout import Fanout
from answerable.relay.hub import Hub
from answerable.relay.plane import ORDERS, PULSE
from answerable.relay.routes import Call
from fuzz.holder_targets import TRUST


class _Clock:
    def now_ms(self) -> int:
        return 1_763_782_764_123

    def mono_ms(self) -> int:
        return 1


def _stream(data: bytes) -> None:
    """The same events however the stream is cut, handed to a holder that believes none of them."""
    whole, pieces = Parser(1 << 16), Parser(1 << 16)
    with contextlib.suppress(AnswerableError):
        events = whole.feed(data)
        half = len(data) // 2
        assert pieces.feed(data[:half]) + pieces.feed(data[half:]) == events
        follower = Follower(["http://127.0.0.1:1"], _view(), wall=_Clock().now_ms, mono=_Clock().mono_ms)
        for event in (*events, *(Event(name, data) for name in ("order", "pulse", "hello", "hint"))):
            follower._event(event, follower.clients[0])


def _posted(data: bytes) -> None:
    """Whatever is posted is refused with a code, or told."""
    hub = Hub(Board(), Fanout(), _view(), _Clock())

    async def post() -> None:
        for route in posting.routes(hub):
            for body in (data, b'{"orders":[' + data + b"]}"):
                with contextlib.suppress(AnswerableError):
                    await route.run(Call("POST", route.path, "", {}, body, ""))

    assert {route.path for route in posting.routes(hub)} == {PULSE, ORDERS}
    asyncio.run(post())


def _view() -> HolderView:
    return HolderView(TRUST, ClockMode.SAME_HOST, pulse_required=False)


RELAY_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {"posted": _posted, "stream": _stream}
