# SPDX-License-Identifier: Apache-2.0
"""The models that answer, and the servers behind them."""

from __future__ import annotations

from typing import Protocol

from answerable.errors import AnswerableError
from answerable.model.labels import EngineMarks
from answerable.model.records import Copy, System
from answerable.model.terms import Act, Locality


class Reply(Protocol):
    """An upstream's answer on its way in. Whoever got it closes it."""

    async def read(self) -> bytes:
        """All that has come of the body, at least one byte; b"" at its end. Raises Unavailable ``upstream.*`` if the
        connection breaks, the body is shorter than announced, or a time-out passes. Not reading is back-pressure."""

    def close(self) -> None:
        """Take no more: an answer that is not at its end is cancelled. Safe to call twice."""


class Upstream(Protocol):
    """A model server. Never trusted. Off until named in the config."""

    name: str
    locality: Locality

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "application/json") -> Reply:
        """POST `body`, of the media type `kind`, to `path` ("/v1/chat/completions"); return once the answer has begun.
        A call that was sent is never repeated; being cancelled cancels it. Raises Unavailable
        ``upstream.unreachable|timeout|busy``."""

    async def close(self) -> None: ...


class Served(Protocol):
    """A model that can answer: its system, copy and upstream."""

    @property
    def system(self) -> System: ...

    @property
    def copy(self) -> Copy: ...

    @property
    def upstream(self) -> Upstream: ...

    @property
    def model(self) -> str:
        """What the upstream calls it."""

    @property
    def marks(self) -> EngineMarks:
        """Whether the words of its answers carry a mark."""


class Models(Protocol):
    """What `model` in a request may mean."""

    def named(self, model: str, act: Act) -> tuple[Served, ...]:
        """Candidates in order of preference: one for a name, all that can do `act` for "auto", none for an unknown
        name."""

    def absent(self, model: str, act: Act) -> AnswerableError:
        """Why `named` has nothing under that name: ``stop.system``, ``upstream.unreachable`` or ``model.unknown``."""
