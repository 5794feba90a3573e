# SPDX-License-Identifier: Apache-2.0
"""Tools that the model's server would call by itself, in the middle of an answer: a search, a program, an MCP server.

Such a call takes no path here: nobody admits it, holds it or records it. So a request that offers one is refused,
unless the operator named its type. What the client is to do itself comes back to it as a call, and is its own matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from answerable.errors import Refused

# Types of tools (Responses, Chat Completions) that the client's own program carries out.
OWN: Final = frozenset({"function", "custom", "local_shell", "computer", "computer_use_preview", "apply_patch"})
# Members of a request that ask for one, and the type that an operator names for it.
MEMBERS: Final = {"web_search_options": "web_search", "search_parameters": "web_search", "plugins": "plugins"}


def check(request: dict[str, Any], allowed: Collection[str] = ()) -> None:
    """allowed: types that the operator lets the model's server call. Raises Refused ``tool.hosted``."""
    for type_, param in _asked(request):
        if type_ not in allowed:
            raise Refused("tool.hosted", type=type_, param=param)


def _asked(request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(type, parameter) of each tool that is not the client's own to call."""
    for member, type_ in MEMBERS.items():
        if request.get(member) is not None:
            yield type_, member
    tools = request.get("tools")
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        found = _type(tool)
        if found not in OWN:
            yield found, f"tools[{place}]"


def _type(tool: Any) -> str:
    """As it is named, if that can be shown; "?" for what names none."""
    named = tool.get("type") if isinstance(tool, dict) else None
    if named is None and isinstance(tool, dict) and tool.keys() == {"function"}:
        return "function"  # as the first clients wrote it
    return named[:64] if isinstance(named, str) and named.isascii() and named.isprintable() else "?"
