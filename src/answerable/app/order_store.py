# SPDX-License-Identifier: Apache-2.0
"""Every order message that a holder was told, on its own disk: it knows them again after a restart, and offers them to
a control plane that has lost them.

One message a line, each synced before it counts as kept. A line that a power cut left half is passed over: the message
is pulled again.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final

from answerable.errors import Unavailable

FILE: Final = "orders.txt"


class OrderStore:
    """The file in a holder's store; made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def read(self) -> list[bytes]:
        """Every message that is there, the oldest first. Raises Unavailable ``store.failed``."""
        try:
            return self.parse(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable("store.failed", detail=f"{FILE}: {error.strerror}") from None

    @staticmethod
    def parse(data: bytes) -> list[bytes]:
        """The messages in such a file."""
        found = []
        for line in data.split(b"\n"):
            try:
                found.append(base64.b64decode(line, validate=True))
            except ValueError:
                continue
        return [message for message in found if message]

    def add(self, message: bytes) -> None:
        """Durable when it returns. Raises Unavailable ``store.failed``."""
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                # A line begins with a line feed too, so that one that was cut short spoils no other.
                os.write(file, b"\n" + base64.b64encode(message) + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise Unavailable("store.failed", detail=f"{FILE}: {error.strerror}") from None
