# SPDX-License-Identifier: Apache-2.0
"""What the driver and the server raise, as errors of ours: by SQLSTATE (PostgreSQL manual, appendix A), never by text.

A server's message may quote a row. So what is told on is the state's name alone.
"""

from __future__ import annotations

from typing import Final

from answerable.errors import Unavailable

_FULL: Final = frozenset({"53100"})  # disk_full
_DAMAGED: Final = frozenset({"XX001", "XX002"})  # data_corrupted, index_corrupted
_LOCKED: Final = frozenset({"55P03"})  # lock_not_available
_ABSENT: Final = frozenset({"3D000", "3F000", "42P01"})  # no such database, schema, table
_DENIED: Final = frozenset({"28000", "28P01", "42501"})  # authorization, password, privilege


def failure(error: BaseException, server: str) -> Unavailable:
    """error: of the driver, of a socket, or a time-out; server: of `Address.server`."""
    state = str(getattr(error, "sqlstate", None) or "")
    name = type(error).__name__
    if state in _FULL:
        return Unavailable("store.full")
    if state in _DAMAGED:
        return Unavailable("store.damaged", detail=name)
    if state in _LOCKED:
        return Unavailable("store.locked", path=server)
    if state in _ABSENT:
        return Unavailable("store.missing", path=server)
    if state in _DENIED:
        return Unavailable("store.denied", server=server, detail=name)
    # 08: connection exception; 57P: an administrator or a crash ended the session, or it cannot begin yet.
    if isinstance(error, OSError | TimeoutError) or state.startswith(("08", "57P")) or not state:
        return Unavailable("store.unreachable", server=server, detail=name)
    return Unavailable("store.failed", detail=f"{name} ({state})")
