# SPDX-License-Identifier: Apache-2.0
"""What a route of the control plane is: one value that the server, the OpenAPI document and the tests all read.

A route names the role that it needs, the structs that come in and go out, and the coroutine that does it. Nothing about
a route stands anywhere else, so the documentation cannot say another thing than the code does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from answerable.control.services import Services
from answerable.errors import Refused
from answerable.model.records import Admin, Copy, PartyKey
from answerable.model.terms import AdminRole

PREFIX: Final = "/control/v1"
MAX_PAGE: Final = 1000  # records, or rows, in one answer

Body = TypeVar("Body")


class By(Enum):
    """Who may ask, where it is not a person with a role."""

    COPY = "copy"  # a running copy, by its own key
    PARTY = "party"  # a party, by its own key: for what is held about itself
    ANYONE = "anyone"  # whoever reaches the socket: for what says nothing about anybody


@dataclass(frozen=True, slots=True)
class Call(Generic[Body]):
    """One request that was read and whose sender is known. path: the values of the route's names."""

    body: Body
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    person: Admin | None = None
    copy: Copy | None = None
    party: PartyKey | None = None

    @property
    def by(self) -> Admin:
        """The person who asks. Raises Refused ``admin.unsigned`` where a route forgot to need one."""
        if self.person is None:
            raise Refused("admin.unsigned", detail="no person")
        return self.person

    @property
    def of(self) -> PartyKey:
        """The party's key that asks. Raises Refused ``admin.unsigned`` where a route forgot to need one."""
        if self.party is None:
            raise Refused("admin.unsigned", detail="no party")
        return self.party

    def number(self, name: str, default: int, most: int = MAX_PAGE) -> int:
        """A count from the query. Raises Refused ``admin.request``."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= most):
            raise Refused("admin.request", detail=f"{name} is not a number from 0 to {most}")
        return int(text)


Handler = Callable[[Services, Call[Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """path: under `PREFIX`; ``{name}`` stands for one value, which may hold slashes if it is the last part.
    body: None for GET. query: name -> what it means; `answer` and `body`: types that msgspec writes and reads."""

    method: str
    path: str
    needs: AdminRole | By
    run: Handler
    answer: Any
    summary: str
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The operation's id: its coroutine's module and name."""
        return f"{self.run.__module__.rpartition('.')[2]}_{self.run.__name__}"
