# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ssl
from pathlib import Path

from answerable.crypto.ed25519 import Key
from answerable.net.clients import show


def _open() -> set[str]:
    return {file.name for file in Path("/proc/self/fd").iterdir()}


def test_the_key_stands_in_no_file_afterwards() -> None:
    before = _open()
    context = ssl.create_default_context()
    show(context, Key.from_seed(b"\x01" * 32), "spiffe://example.invalid/system/a/copy/b")
    assert _open() == before
