# SPDX-License-Identifier: Apache-2.0
"""Manifests of strangers: bytes as the store of manifests in a PNG, and bytes laid over a signed PNG. The parser is a
library's; what is ours are the bounds before it and the reading of its report."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from io import BytesIO
from typing import Final

from answerable.crypto.issuing import issue
from answerable.labels import c2pa
from answerable.labels.c2pa_selftest import MEDIA, chunk, picture
from answerable.labels.chain import Chain
from answerable.labels.manifest import Said

STATES: Final = ("valid", "trusted", "invalid", "absent", "unsupported")
_HEAD: Final = 33  # of a PNG: its signature and IHDR, after which the manifest stands


@functools.cache
def _signed() -> bytes:
    now, out = int(time.time() * 1000), BytesIO()
    chain = Chain.of(issue("fuzz", now_ms=now, days=2))
    c2pa.sign(BytesIO(picture()), out, MEDIA, chain=chain, said=Said("r", "s", "p", now))
    return out.getvalue()


def _store(data: bytes) -> None:
    file = picture()
    found = c2pa.read(BytesIO(file[:_HEAD] + chunk(b"caBX", data) + file[_HEAD:]), MEDIA)
    assert found.state in STATES[2:], found


def _laid_over(data: bytes) -> None:
    file = bytearray(_signed())
    at = int.from_bytes(data[:2]) % len(file)
    file[at : at + len(data) - 2] = data[2:]
    assert c2pa.read(BytesIO(file), MEDIA).state in STATES


C2PA_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {"c2pa_store": _store, "c2pa_laid_over": _laid_over}
