# SPDX-License-Identifier: Apache-2.0
"""A program that runs under a warrant: started, watched, ended with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from answerable.errors import Unavailable
from answerable.upstreams.process import adopt_orphans, descendants, die_with_parent

GRACE_S: Final = 5.0  # from SIGTERM to SIGKILL
ROUNDS: Final = 20  # a program that forks faster than it is killed is left after so many


class Child:
    """One program in a session of its own. It dies with us, even if we are killed: nobody else keeps its warrant.

    What it started is found and killed too, sessions of their own or not; only where we are killed ourselves may such a
    one live on. The program runs as the user that we are (`docs/threat-model.md`)."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Raises Unavailable ``admin.file`` for a program that cannot be started."""
        parent = os.getpid()
        adopt_orphans()
        self._not_its = descendants(parent)
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
        """SIGTERM to its whole session, after a grace SIGKILL to it and to all that it started; its exit status."""
        self._signal(signal.SIGTERM)
        status = self.wait(GRACE_S)
        self._signal(signal.SIGKILL)  # what it started may have outlived it
        self._kill_the_rest()
        return status if status is not None else self.wait(GRACE_S) or 128 + signal.SIGKILL

    def _kill_the_rest(self) -> None:
        """What left its session. The orphans among them are ours by now, so they are reaped here."""
        for _ in range(ROUNDS):
            left = descendants(os.getpid()) - self._not_its - {self.pid}
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.01)

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
