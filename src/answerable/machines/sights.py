# SPDX-License-Identifier: Apache-2.0
"""Which warrants a device has seen, and when each is over, in a file beside its journal: a device that is started again
must not take an old one for new, whatever its wall clock says by then.

Ends count on CLOCK_BOOTTIME, so they mean nothing once the host was started again (`boot_id`, proc_sys_kernel(5)): what
was seen before that is over. Written before a lease is taken up, and not synced: a device that loses power has stopped.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from answerable.errors import Unavailable

BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
MOST: Final = 256  # copies; whose sight is oldest goes
MAX_FILE: Final = 1 << 20

Sight = tuple[int, str, int, int]
"""Of a copy's newest warrant: issued, ms UTC; boot of its holder; number; its end, monotonic ms."""


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    boot: str
    seen: dict[str, Sight]


class Sights:
    """path: None keeps them in memory alone. boot: of this host."""

    def __init__(self, path: Path | None = None, boot: str = "") -> None:
        """Raises Unavailable ``device.unrecorded`` for a file that is there and cannot be read: what it held is not
        known to be over."""
        self._path = path
        self._boot = boot or _boot_id()
        self._seen: dict[str, Sight] = {}
        if path is None or not path.exists():
            return
        try:
            with path.open("rb") as file:
                found = msgspec.json.decode(file.read(MAX_FILE), type=_File)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unavailable("device.unrecorded", detail=f"{path}: {error}") from None
        same = found.boot == self._boot and self._boot != ""
        self._seen = found.seen if same else {copy: (*sight[:3], 0) for copy, sight in found.seen.items()}

    def get(self, copy: str) -> Sight | None:
        return self._seen.get(copy)

    def put(self, copy: str, sight: Sight) -> None:
        """Raises Unavailable ``device.unrecorded``: then it counts as not seen, and nothing is to be taken up."""
        if self._seen.get(copy) == sight:
            return
        seen = {name: each for name, each in self._seen.items() if name != copy}
        while len(seen) >= MOST:
            del seen[next(iter(seen))]
        seen[copy] = sight
        if self._path is not None:
            self._write(self._path, msgspec.json.encode(_File(boot=self._boot, seen=seen)))
        self._seen = seen

    def _write(self, path: Path, data: bytes) -> None:
        fresh = path.with_name(path.name + ".new")
        try:
            file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(file, "wb") as out:
                out.write(data)
            fresh.rename(path)
        except OSError as error:
            raise Unavailable("device.unrecorded", detail=error.strerror or "") from None


def _boot_id() -> str:
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""  # as if the host had been started again each time
