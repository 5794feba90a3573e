# SPDX-License-Identifier: Apache-2.0
"""Which names a tool may have, and which look like another's (MCP 2026-07-28, server/tools, tool names).

The protocol asks for ASCII letters, digits, `_`, `-` and `.`; what it asks for is demanded here, so a name of two
scripts is no name. What is left are ASCII names that people, and models, take for one another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from typing import Final

from answerable.model.tools import MAX_NAME

_NAME: Final = re.compile(rf"[A-Za-z0-9_.-]{{1,{MAX_NAME}}}\Z")
# A server's name stands in addresses and settings: a path segment in lower case.
_SERVER: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?\Z")
# The gate's own tools: a server may not offer its own version of them.
RESERVED: Final = "answerable_"

# After UTS #39, for the characters that may stand in a name at all.
_LIKE: Final = str.maketrans({"0": "o", "1": "l", "i": "l", "-": None, "_": None, ".": None})


def fits(name: str) -> bool:
    """Whether MCP allows the name, and the gate does not keep it for itself."""
    return bool(_NAME.match(name)) and not name.lower().startswith(RESERVED)


def server_fits(name: str) -> bool:
    """Whether a tool server may be configured under that name."""
    return bool(_SERVER.match(name))


def skeleton(name: str) -> str:
    """The same for two names that are taken for one another: letter case, separators, `0` and `O`, `1`, `l` and `I`,
    `rn` and `m`, `vv` and `w` make no difference."""
    return name.lower().translate(_LIKE).replace("rn", "m").replace("vv", "w")


def lookalikes(names: Iterable[str], known: Set[str] = frozenset()) -> dict[str, str]:
    """Name -> the one that it looks like, of those among `names` that must not be taken. A name in `known` (a person
    stands for it) is never one of them; among strangers none of those that look alike is taken."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(skeleton(name), []).append(name)
    for name in known:
        group = groups.setdefault(skeleton(name), [])
        if name not in group:
            group.append(name)
    found: dict[str, str] = {}
    for group in groups.values():
        for name in group:
            if name not in known and len(group) > 1:
                found[name] = next(other for other in (*sorted(known & set(group)), *group) if other != name)
    return found


def printable(name: str) -> str:
    """A stranger's name for a log or a terminal: ASCII, everything else escaped, cut."""
    scripts = unicodedata.normalize("NFC", name)
    return scripts.encode("ascii", "backslashreplace").decode("ascii")[:MAX_NAME]
