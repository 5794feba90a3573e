# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from answerable.control.routes.recover import Offer, Waive, offer, state, waive
from answerable.control.routing import Call
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, Refused, Unavailable
from tests.small_nodes import plane
from tests.small_relay import until


async def test_how_it_stands_and_what_is_offered(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        services = control.service.node_desk._services
        assert not (await state(services, Call(None))).behind
        system = await control.system("model")
        await control.suspend(system.rid)
        await until(lambda: control.service.plane.hub.board.epoch == 1)
        (told,) = control.service.plane.hub.view.told()
        answer = await offer(services, Call(Offer(orders=(b64u(told.data),))))
        assert (answer.regained, answer.state.behind, answer.state.epoch) == (0, False, 1)
        for wrong in (b64u(b"{}"), "!"):
            with pytest.raises(AnswerableError, match=r"order\.malformed"):
                await offer(services, Call(Offer(orders=(wrong,))))
        admin = next(iter(control.core.book.admins()))
        with pytest.raises(Refused, match=r"recover\.settled"):
            await waive(services, Call(Waive(name="pulse"), person=admin))
        with pytest.raises(Unavailable, match=r"log\.stopped"):
            await state(dataclasses.replace(services, recovery=None), Call(None))
