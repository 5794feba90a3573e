# SPDX-License-Identifier: Apache-2.0
"""Looking at a store that need not be served: what `log fsck` and `doctor` stand on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from answerable.app.core import TRUST_FILE
from answerable.app.keys import load
from answerable.app.stores import open_view
from answerable.config import Config
from answerable.errors import AnswerableError, Unavailable
from answerable.log import checkpoint
from answerable.log.trust import parse
from answerable.sequencer.audit import Audit, audit
from answerable.sequencer.guard import Seen, peek
from answerable.sequencer.recovery import examine

# After these the store itself is what is wrong: a finding, and no reason for not having looked.
_FOUND: Final = frozenset({"store.damaged", "store.foreign"})


def origin_and_keys(config: Config) -> tuple[str, tuple[str, ...]]:
    """The log's origin and its verifier keys, from the trust file, which needs no store. Raises VerificationError
    ``log.trust``, Unavailable ``store.missing``."""
    try:
        trust = parse((config.store_path / TRUST_FILE).read_bytes())
    except OSError:
        raise Unavailable("store.missing", path=str(config.store_path)) from None
    return trust.logs[-1].name, tuple(str(key) for key in reversed(trust.logs))


def fsck(config: Config, *, payloads: bool = True, state: bool = True) -> Audit:
    """Compute everything again that the store says. Raises Unavailable ``store.missing``, and what keeps trust file or
    keys from being read."""
    origin, vkeys = origin_and_keys(config)
    keys = load(config.store_path)
    own = checkpoint.vkey(origin, keys.log.public)
    seen, unguarded = _seen(config.guard_path, origin)
    try:
        view = open_view(config, keys.payload)
    except Unavailable as error:
        if error.code not in _FOUND:
            raise
        found = Audit()
        found.add(error)
        return found
    try:
        found = audit(view, (own, *(key for key in vkeys if key != own)), seen, payloads=payloads, state=state)
    finally:
        view.close()
    if unguarded is not None:
        found.add(unguarded)
    return found


def glance(config: Config) -> int:
    """What a start would verify; the number of leaves. Cheap, and changes nothing. Raises Unavailable ``store.*`` for
    what a start would find, and as `fsck`."""
    origin, vkeys = origin_and_keys(config)
    keys = load(config.store_path)
    view = open_view(config, keys.payload)
    try:
        return examine(view, peek(config.guard_path, origin), (checkpoint.vkey(origin, keys.log.public), *vkeys)).size
    finally:
        view.close()


def _seen(path: Path, origin: str) -> tuple[Seen | None, AnswerableError | None]:
    try:
        return peek(path, origin), None
    except AnswerableError as error:
        return None, error
