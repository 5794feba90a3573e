# SPDX-License-Identifier: Apache-2.0
"""Becomes a tool server: ``python -I -m answerable.upstreams.mcp_child PARENT COMMAND…``, started by `McpStdio` alone.

Between being started and becoming the command it sees to it that the kernel ends it with its parent (prctl(2)), that it
leaves no core dump, and that it gains no privilege.
"""

from __future__ import annotations

import os
import sys

from answerable.upstreams.process import confine, die_with_parent

NOT_STARTED = 127  # as shells say it


def main() -> None:
    """Never returns."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    try:
        die_with_parent(parent)
        confine()
        os.execve(command[0], command, dict(os.environ))  # noqa: S606  the operator's own command, without a shell
    except OSError:
        os._exit(NOT_STARTED)


if __name__ == "__main__":
    main()
