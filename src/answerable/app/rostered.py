# SPDX-License-Identifier: Apache-2.0
"""Authorities on the roster, as the registry stands when one is looked for: whose orders its own gateways take from
whoever carries them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from answerable.log import roster
from answerable.ports import Directory
from answerable.stops.officers import current


class AuthoritiesNow(Mapping[str, bytes]):
    """Key id -> public key, 32 bytes."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def __getitem__(self, kid: str) -> bytes:
        return _known(self._directory)[kid][1]

    def __iter__(self) -> Iterator[str]:
        return iter(_known(self._directory))

    def __len__(self) -> int:
        return len(_known(self._directory))


class NamesNow(Mapping[str, str]):
    """Key id -> name of the authority."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def __getitem__(self, kid: str) -> str:
        return _known(self._directory)[kid][0]

    def __iter__(self) -> Iterator[str]:
        return iter(_known(self._directory))

    def __len__(self) -> int:
        return len(_known(self._directory))


def _known(directory: Directory) -> dict[str, tuple[str, bytes]]:
    leaf = current(directory)
    return roster.authorities(leaf) if leaf is not None else {}
