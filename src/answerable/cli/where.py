# SPDX-License-Identifier: Apache-2.0
"""Which store a command is about, and what the command line reads in it: trust file, people's keys, socket."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable.config import Config, Loaded, default_store, load
from answerable.errors import Refused, Unavailable
from answerable.log.trust import Trust, parse

TRUST: Final = "trust.txt"
READERS: Final = "trust-witnessed.txt"  # written by the service where witnesses are configured
DEMO: Final = "answerable-demo"  # beside the default store: a demo's data is never mixed with real data


@dataclass(frozen=True, slots=True)
class Place:
    """A store that need not exist yet, and its settings."""

    loaded: Loaded

    @property
    def config(self) -> Config:
        return self.loaded.config

    @property
    def store(self) -> Path:
        return self.config.store_path

    @property
    def socket(self) -> Path:
        return self.config.socket_path

    @property
    def trust_file(self) -> Path:
        return self.store / TRUST

    @property
    def readers_file(self) -> Path:
        """The trust file that this log's readers are to have."""
        file = self.store / READERS
        return file if file.exists() else self.trust_file

    def readers_trust(self) -> Trust:
        """What this log's readers are to demand: as `trust`, and its quorum where it has witnesses. Raises as
        `trust`."""
        try:
            return parse((self.store / READERS).read_bytes())
        except FileNotFoundError:
            return self.trust()
        except OSError:
            raise Unavailable("admin.no_store", store=str(self.store)) from None

    def trust(self) -> Trust:
        """Raises Unavailable ``admin.no_store``, VerificationError ``log.trust``."""
        try:
            return parse(self.trust_file.read_bytes())
        except OSError:
            raise Unavailable("admin.no_store", store=str(self.store)) from None

    def origin(self) -> str:
        """The origin of the store's log. Raises as `trust`."""
        return self.trust().logs[-1].name


def settings(
    args: argparse.Namespace,
    environ: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Loaded:
    """The settings with the command's own flags. Raises Refused ``config.*``."""
    env = os.environ if environ is None else environ
    file = args.config or env.get("ANSWERABLE_CONFIG")
    env = {name: value for name, value in env.items() if name not in OWN}
    return load(Path(file) if file else None, env, {"store.path": args.store, **(more or {})})


# Names that begin like settings and are the command line's own.
OWN: Final = frozenset({"ANSWERABLE_CONFIG", "ANSWERABLE_AS", "ANSWERABLE_LANG", "ANSWERABLE_DEBUG"})


def place(args: argparse.Namespace, environ: Mapping[str, str] | None = None) -> Place:
    """The store that was named; else the user's own; else, where there is none but the demo's, the demo's."""
    env = os.environ if environ is None else environ
    loaded = settings(args, env)
    if loaded.origin("store.path") == "default" and not loaded.config.store_path.exists():
        demo = demo_store(env)
        if demo.exists():
            return Place(load(None, {}, {"store.path": str(demo)}))
    return Place(loaded)


def demo_store(environ: Mapping[str, str]) -> Path:
    return default_store(environ).with_name(DEMO)


def read_bytes(path: str, limit: int) -> bytes:
    """A file's bytes, or those of standard input for ``-``. Raises Unavailable ``admin.file``, Refused
    ``request.too_large``."""
    import sys

    try:
        if path == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(limit + 1)
    except OSError as error:
        raise Unavailable("admin.file", file=path, detail=error.strerror or "cannot be read") from None
    if len(data) > limit:
        raise Refused("request.too_large", limit=limit)
    return data


def write_bytes(path: str, data: bytes) -> None:
    """Write a file anew. Raises Unavailable ``admin.file``."""
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise Unavailable("admin.file", file=path, detail=error.strerror or "cannot be written") from None
