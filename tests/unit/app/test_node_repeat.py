# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.admission.warrant import parse
from answerable.app.node_repeat import Carried, Repeater
from answerable.errors import Unavailable, VerificationError
from answerable.log.leaf import decode
from answerable.warrants.far import Ask
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.small_nodes import joined, node, plane
from tests.small_relay import until
from tests.unit.app.test_node import upstream


async def test_registrations_are_repeated_once_byte_for_byte_with_their_names(tmp_path: Path) -> None:
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control") as control:
            system = await control.system("model")
            settings = await joined(control, tmp_path / "node", **upstream(server))
            async with node(settings) as berlin:
                await until(lambda: berlin._served)
                (copy,) = control.core.book.copies_of(system.rid)
                ask = Ask(copy=copy.rid, nonce=berlin.holder.boot, seq=1)
                (token,) = await berlin.link.warrants([ask])
                grant = parse(str(token), {berlin.card.kid: berlin.card.public}).grant
                fetched: list[str] = []

                async def fetch(copy: str, grant: str) -> list[Carried]:
                    fetched.append(grant)
                    return await berlin.link.leaves(copy, grant)

                repeater = Repeater(berlin.core, berlin.replica, fetch)
                for _ in range(2):
                    await repeater.ensure(copy.rid, grant)
                assert fetched == [grant]
                for name in (control.operator, system.rid, copy.rid, grant):
                    mine, theirs = await berlin.core.reader.find(name), await control.core.reader.find(name)
                    assert mine == theirs is not None
                kept = await berlin.core.reader.payload(system.rid, "name")
                assert kept is not None
                assert kept[1] == b"model"

                # The rows that they tell stand beside them, so that the log can be audited as any other.
                assert berlin.core.book.system(system.rid) is not None
                size = await berlin.core.reader.size()
                await repeater.refresh([control.operator])
                assert await berlin.core.reader.size() == size, "what is there is not written again"

                # Where they cannot be had there is no record, and so no action.
                async def away(copy: str, grant: str) -> list[Carried]:
                    raise Unavailable("node.away", detail="cut")

                lost = Repeater(berlin.core, berlin.replica, away)
                with pytest.raises(Unavailable, match=r"node\.away"):
                    await lost.ensure(copy.rid, "another grant")

                # Nor where what came is not what a record leads to.
                (order,) = [data for data in await control.core.reader.tail(0, 1000) if decode(data).k == "key"][:1]

                async def wrong(copy: str, grant: str) -> list[Carried]:
                    return [(order, b"", b"")]

                fooled = Repeater(berlin.core, berlin.replica, wrong)
                with pytest.raises(VerificationError, match=r"node\.answer"):
                    await fooled.ensure(copy.rid, "a third grant")
