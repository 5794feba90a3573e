# SPDX-License-Identifier: Apache-2.0
"""From a command's options to a signed conversation with the service."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from answerable.app.people import Person
from answerable.cli.client import Client
from answerable.cli.people import choose
from answerable.cli.where import Place, place
from answerable.model.terms import AdminRole

API = "/control/v1"


@dataclass(frozen=True, slots=True)
class Session:
    """A person, a store, and the service over it."""

    place: Place
    origin: str
    person: Person

    def get(self, path: str, **query: str | int) -> Any:
        return self._client().get(url(path, query))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._client().post(url(path), body)

    def signed_by(self, person: Person) -> Session:
        return Session(self.place, self.origin, person)

    def _client(self) -> Client:
        return Client(self.place.socket, self.origin, self.person)


def session(args: argparse.Namespace, role: AdminRole = AdminRole.VIEWER) -> Session:
    """The first of `--as`, or the one person here whose roles suffice. Raises Refused ``admin.no_key``, Unavailable
    ``admin.no_store``."""
    here = place(args)
    origin = here.origin()
    who: list[str] | None = args.who
    return Session(here, origin, choose(here.store, who[0] if who else None, role))


def signers(args: argparse.Namespace, role: AdminRole) -> list[Person]:
    """Everyone that `--as` names, or the one person here whose roles suffice."""
    here = place(args)
    return [choose(here.store, name, role) for name in (args.who or [None])]


def url(path: str, query: Mapping[str, str | int] | None = None) -> str:
    """path: under the API's prefix, its values already quoted by `part`."""
    kept = {name: value for name, value in (query or {}).items() if value != ""}
    return f"{API}{path}" + (f"?{urlencode(kept)}" if kept else "")


def part(value: str) -> str:
    """A value as one part of a path."""
    return quote(value, safe="")
