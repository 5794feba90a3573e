# SPDX-License-Identifier: Apache-2.0
"""Random values from the operating system's generator.

What must be a secret or tell two boots apart is drawn when it is asked for: what lay ready in memory comes again when a
snapshot of the machine is restored. The nonces of leaves alone are drawn in advance, because a system call lets go of
the interpreter's lock and may wait for the log's thread to give it back. They hide nothing: they tell two like leaves
of one log apart.
"""

from __future__ import annotations

import os
from os import urandom
from typing import Final

from answerable.crypto.b64 import b64u

BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648 section 6, lower case


_PIECE: Final = 16
_AT_ONCE: Final = 4096
# `pop` and `extend` are atomic: two threads never get the same piece.
_drawn: list[str] = []
os.register_at_fork(after_in_child=_drawn.clear)


def nonce() -> str:
    """16 random bytes, base64url: 22 characters."""
    return b64u(urandom(_PIECE))


def leaf_nonce() -> str:
    """As `nonce`, drawn in advance: for the `n` of the two leaves of each action, and nothing else."""
    try:
        return _drawn.pop()
    except IndexError:
        first, *rest = _nonces()
        _drawn.extend(rest)
        return first


def _nonces() -> list[str]:
    """Many, encoded at once: with two bytes of nothing behind it each takes 24 characters of its own, of which the last
    two say nothing."""
    data = urandom(_AT_ONCE)
    text = b64u(b"".join([data[at : at + _PIECE] + b"\x00\x00" for at in range(0, _AT_ONCE, _PIECE)]))
    return [text[at : at + 22] for at in range(0, len(text), 24)]


def salt() -> bytes:
    """32 random bytes: the key of one commitment, or another secret."""
    return urandom(2 * _PIECE)


def salts() -> tuple[bytes, bytes]:
    """Two of them: of what an action is asked and of what it answers, drawn when it begins."""
    drawn = urandom(4 * _PIECE)
    return drawn[: 2 * _PIECE], drawn[2 * _PIECE :]


def opaque_id() -> str:
    """130 random bits as 26 lower-case base32 characters: never reassigned, tells nothing."""
    bits = int.from_bytes(urandom(17), "big")
    return "".join(BASE32[bits >> shift & 31] for shift in range(0, 130, 5))


def spread() -> float:
    """At least 0 and less than 1: how far one of a fleet moves its next try, so that they do not all come at once. It
    hides nothing, and is drawn when it is asked for all the same: a fleet restored from one snapshot would move alike.
    """
    return (int.from_bytes(urandom(7)) >> 3) / (1 << 53)
