# SPDX-License-Identifier: Apache-2.0
"""A program that runs under a warrant: started, watched, ended with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from answerable.errors import Unavailable
from answerable.upstreams.process import die_with_parent

GRACE_S: Final = 5.0  # from SIGTERM to SIGKILL


class Child:
    """One program in a session of its own. It dies with us, even if we are killed: nobody else keeps its warrant."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Raises Unavailable ``admin.file`` for a program that cannot be started."""
        parent = os.getpid()
        try:
            self._process = subprocess.Popen(
                list(command),
                env=dict(environ),
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )
        except (OSError, subprocess.SubprocessError) as error:
            detail = getattr(error, "strerror", None) or "it cannot be started"
            raise Unavailable("admin.file", file=command[0], detail=detail) from None

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """Its exit status, 128 + n for signal n; None if it still runs after `seconds`."""
        try:
            status = self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return None
        return status if status >= 0 else 128 - status

    def end(self) -> int:
        """SIGTERM to its whole session, after a grace SIGKILL; its exit status."""
        self._signal(signal.SIGTERM)
        status = self.wait(GRACE_S)
        self._signal(signal.SIGKILL)  # what it started may have outlived it
        return status if status is not None else self.wait(GRACE_S) or 128 + signal.SIGKILL

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def write_private(path: Path, text: str) -> None:
    """Replace a file of mode 600 whole: a reader sees the old warrant or the new one."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)
