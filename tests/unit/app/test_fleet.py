# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from answerable.app import fleet
from answerable.app.create import DEMO_STAFF, Founding, create
from answerable.model.terms import Locality, Standing, SystemKind
from answerable.registry import ids, lineage
from answerable.upstreams.weights import SMOLLM2
from tests.unit.app.small_store import config

FOUNDING = Founding(fleet.DOMAIN, fleet.OPERATOR, fleet.OPERATOR_NAME, staff=DEMO_STAFF, demo=True)


async def test_the_fleet_is_honest_about_itself_and_registered_once(tmp_path: Path) -> None:
    core = await create(config(tmp_path), FOUNDING)
    try:
        await fleet.register(core)
        size = await core.reader.size()
        await fleet.register(core)
        assert await core.reader.size() == size, "a second start registers nothing again"
        for party in (fleet.OPERATOR, fleet.MAKER, fleet.REGISTRAR):
            assert ids.is_unassigned(party), "no real firm is named"
        answering = [core.book.party(party) for party in (fleet.OPERATOR, fleet.MAKER)]
        assert [party.standing for party in answering if party] == [Standing.VOUCHED] * 2
        base, model = core.book.system(fleet.BASE), core.book.system(fleet.MODEL)
        assert base is not None
        assert model is not None
        assert model.digests == (SMOLLM2.digest,), "the digest of the file that really runs"
        assert lineage.descendants(core.book, base) == (model,)
        users = lineage.dependents(core.book, [model])
        assert {system.kind for system in users} == {SystemKind.APPLICATION, SystemKind.AGENT}
    finally:
        await core.close()


async def test_the_readers_own_model_is_opaque(tmp_path: Path) -> None:
    core = await create(config(tmp_path), FOUNDING)
    try:
        remote = fleet.Remote("https://llm.example/v1", "big-model", "", Locality.EXTERNAL)
        await fleet.register(core, remote)
        system = core.book.system("big-model")
        assert system is not None
        assert system.opaque is not None
        assert (system.opaque.provider, system.opaque.model) == ("llm.example", "big-model")
        assert system.tier == 2, "compute that nobody tells counts as systemic, provisionally"
        assert "big-model" in fleet.names(remote)
    finally:
        await core.close()
