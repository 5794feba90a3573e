# SPDX-License-Identifier: Apache-2.0
"""Tool scopes: the tools that a system, a warrant or an envelope may reach (`docs/spec/warrant.md`).

A scope is a list of patterns: ``server/tool`` names one tool, ``server/*`` all of a server, ``*`` all there are. An
empty list names none. Nothing else is a pattern: no part of a name is matched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

EVERY: Final = "*"
# Names of servers are those of the configuration, names of tools those that MCP (2026-07-28, server/tools) allows.
FORM: Final = re.compile(r"\*|[0-9a-z][0-9a-z._-]{0,63}/(?:\*|[0-9A-Za-z._-]{1,128})")


def permits(scope: Iterable[str], tool: str) -> bool:
    """Whether ``server/tool`` lies within `scope`."""
    whole = tool.partition("/")[0] + "/" + EVERY
    return any(pattern in (tool, whole, EVERY) for pattern in scope)


def covers(scope: Iterable[str], pattern: str) -> bool:
    """Whether all that `pattern` names lies within `scope`. What two narrower patterns would only cover together is
    not."""
    return permits(scope, pattern)


def within(narrow: Iterable[str], wide: Iterable[str]) -> bool:
    """Whether all that `narrow` names lies within `wide`."""
    held = tuple(wide)
    return all(covers(held, pattern) for pattern in narrow)


def overlap(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    """The patterns that name what lies within both, sorted."""
    ours, theirs = tuple(one), tuple(other)
    both = {pattern for pattern in ours if covers(theirs, pattern)}
    both |= {pattern for pattern in theirs if covers(ours, pattern)}
    return tuple(sorted(both))
