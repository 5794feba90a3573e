# SPDX-License-Identifier: Apache-2.0
"""For whom an issuer signs: its own gateway, every gateway node that is enrolled and not withdrawn, and any device: a
device is named by its key, checks every warrant itself, and what a copy may move is for the warrant's worlds to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from answerable.ports import Directory
from answerable.registry import nodes
from answerable.warrants.gate import audience_of

_DEVICE: Final = re.compile("[a-z2-7]{26}")


class Audiences(AbstractSet[str]):
    """Follows the directory. main: the audience of the gateway beside the issuer."""

    def __init__(self, directory: Directory, main: str) -> None:
        self._directory = directory
        self._main = main
        self._changes = -1
        self._known: frozenset[str] = frozenset()

    def __contains__(self, audience: object) -> bool:
        return audience in self._now() or self._device(audience)

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _device(self, audience: object) -> bool:
        prefix = f"spiffe://{self._directory.domain}/device/"
        return (
            isinstance(audience, str)
            and audience.startswith(prefix)
            and _DEVICE.fullmatch(audience.removeprefix(prefix)) is not None
        )

    def _now(self) -> frozenset[str]:
        if self._directory.changes != self._changes:
            changes = self._directory.changes
            domain = self._directory.domain
            running = (audience_of(domain, node.name) for node in nodes.running(self._directory))
            self._known, self._changes = frozenset({self._main, *running}), changes
        return self._known
