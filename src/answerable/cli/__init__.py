# SPDX-License-Identifier: Apache-2.0
"""The command line. One module a verb group under this room, loaded only when its verb is called.

stdout is data, stderr is talk; `--json` everywhere. Exit status: 0 yes, 1 no, 2 usage, 3 not found, 4 could not check,
5 conflict. "Could not check" is never yes or no.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. argv: without the program's name; None takes the process's own."""
    from answerable.cli.command import run

    return run(argv)
