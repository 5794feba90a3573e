# SPDX-License-Identifier: Apache-2.0
"""Which models this gateway serves, and what `model` in a request means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from answerable.errors import AnswerableError, Refused
from answerable.model.labels import EngineMarks
from answerable.model.records import Copy, System
from answerable.model.terms import Act
from answerable.ports import Upstream

AUTO = "auto"
EMBEDDING = "embedding"
TEXT = "text"
TOOLS_KEY = "server-"  # before a tool server's name, in the name of its copy's key
MEDIA = frozenset({"image", "audio", "video"})


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Implements `ports.Served`. aliases: further names that clients may use, such as the upstream's own. tools: it is
    a tool server, named by its alias alone, and asked for nothing but calls of its tools."""

    system: System
    copy: Copy
    upstream: Upstream
    model: str
    aliases: tuple[str, ...] = ()
    marks: EngineMarks = EngineMarks.UNKNOWN
    tools: bool = False

    @property
    def key(self) -> str:
        """What the key of its copy is called, where this gateway holds it."""
        return TOOLS_KEY + self.upstream.name if self.tools else self.upstream.name

    def called(self, name: str) -> bool:
        if self.tools:
            return name in self.aliases
        return name in (self.system.name, self.system.id, self.system.rid, *self.aliases)

    def can(self, act: Act) -> bool:
        """A system that was registered for embeddings alone does not generate, and the other way round."""
        if self.tools or act is Act.TOOL_CALL:
            return self.tools and act is Act.TOOL_CALL
        embeds = EMBEDDING in self.system.capabilities
        return embeds if act is Act.EMBEDDING else not embeds

    @property
    def writes(self) -> bool:
        """Whether it answers with words: what draws or speaks alone is asked by its name."""
        able = set(self.system.capabilities)
        return TEXT in able or able.isdisjoint(MEDIA)


class ModelTable:
    """Implements `ports.Models`: a name, an id, or ``auto`` for all in the order of the config (the path takes the
    first that is permitted)."""

    def __init__(
        self,
        served: Iterable[ServedModel] = (),
        absent: Callable[[str, Act], AnswerableError | None] = lambda name, act: None,
    ) -> None:
        """absent: (name, act) -> why what should answer to that name does not, None if nothing should."""
        self._served = tuple(served)
        self._absent = absent
        self._absents: dict[Act, Callable[[str, Act], AnswerableError | None]] = {}
        self._cache: dict[tuple[str, Act], tuple[ServedModel, ...]] = {}

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._served)

    def add(self, served: ServedModel) -> None:
        self._served = (*self._served, served)
        self._cache.clear()

    def remove(self, served: ServedModel) -> None:
        self._served = tuple(each for each in self._served if each is not served)
        self._cache.clear()

    def refers(self, act: Act, absent: Callable[[str, Act], AnswerableError | None]) -> None:
        """Of this act another one knows why nothing answers to a name."""
        self._absents[act] = absent

    def named(self, model: str, act: Act) -> tuple[ServedModel, ...]:
        if (found := self._cache.get((model, act))) is None:
            found = tuple(
                s
                for s in self._served
                if s.can(act) and (s.writes and not s.tools if model == AUTO else s.called(model))
            )
            if found:  # names that mean nothing are a stranger's to choose: they must not fill a cache
                self._cache[(model, act)] = found
        return found

    def absent(self, model: str, act: Act) -> AnswerableError:
        return self._absents.get(act, self._absent)(model, act) or Refused("model.unknown", model=model[:80])
