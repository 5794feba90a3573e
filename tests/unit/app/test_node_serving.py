# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from answerable.app.node_serving import FarRegistry
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.statement import to_sign
from answerable.registry import copies
from answerable.registry.requests import EndCopy, StartCopy
from tests.small_nodes import joined, node, plane
from tests.small_relay import until


async def test_copies_are_registered_and_ended_at_the_control_plane(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        system = await control.system("model")
        settings = await joined(control, tmp_path / "node")
        async with node(settings) as berlin:
            await until(lambda: berlin.replica.seen)
            far = FarRegistry(berlin.replica, berlin.link, berlin.card, settings, berlin.core.clock)
            assert far.writable
            assert far.origin == control.core.origin
            key = Key.generate()
            draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", process="pid:7:7")
            request = msgspec.structs.replace(
                draft, signature=b64u(key.sign(to_sign(copies.start_statement(system, draft), far.origin)))
            )
            copy = await far.start(request)
            assert berlin.replica.copy(copy.rid) == copy == control.core.book.copy(copy.rid)
            assert list(far.copies()) == [copy]
            with pytest.raises(Refused, match=r"party\.(key_taken|replayed|nonce)"):
                await far.start(request)
            await far.end(EndCopy(copy=copy.rid))
            ended = control.core.book.copy(copy.rid)
            assert ended is not None
            assert ended.ended


async def test_a_process_of_a_nodes_host_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    """The control plane must not end copies whose process numbers are of another host."""
    from answerable.app.serving import OwnRegistry, end_dead_copies

    async with plane(tmp_path / "control") as control:
        system = await control.system("model")
        settings = await joined(control, tmp_path / "node")
        async with node(settings) as berlin:
            await until(lambda: berlin.replica.seen)
            far = FarRegistry(berlin.replica, berlin.link, berlin.card, settings, berlin.core.clock)
            key = Key.generate()
            draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", process="pid:1:1")
            await far.start(
                msgspec.structs.replace(
                    draft, signature=b64u(key.sign(to_sign(copies.start_statement(system, draft), far.origin)))
                )
            )
            assert await end_dead_copies(OwnRegistry(control.core)) == 0
            assert await end_dead_copies(far) == 1
