# SPDX-License-Identifier: Apache-2.0
"""A relay before a server's socket that cuts the connection after so many bytes in one direction."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Final

SOCKET: Final = ".s.PGSQL.5432"
UP: Final = "to the server"
DOWN: Final = "to the client"


class Cutter:
    """Relays folder/.s.PGSQL.5432 to another folder's. cuts: how many connections it cut."""

    def __init__(self, folder: Path, behind: Path) -> None:
        self._behind = str(behind / SOCKET)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen(16)
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self.cuts = 0
        self.carried = {UP: 0, DOWN: 0}
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def arm(self, direction: str, after: int) -> None:
        """Cut whatever carries the byte after the next `after` ones in that direction."""
        self._left[direction] = after

    def disarm(self) -> None:
        self._left.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._behind)
            except OSError:
                client.close()
                server.close()
                continue
            pair = (client, server)
            self._open += pair
            for source, target, direction in ((client, server, UP), (server, client, DOWN)):
                threading.Thread(target=self._pump, args=(source, target, direction, pair), daemon=True).start()

    def _pump(
        self, source: socket.socket, target: socket.socket, direction: str, pair: tuple[socket.socket, ...]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                with self._lock:
                    left = self._left.get(direction)
                    if left is not None:
                        self._left[direction] = left - len(data)
                        if left < len(data):
                            del self._left[direction]
                            self.cuts += 1
                            target.sendall(data[:left])
                            break
                    self.carried[direction] += len(data)
                target.sendall(data)
        for each in pair:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        for each in self._open:
            each.close()
