# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.errors import Refused
from answerable.gateway.listing import listing, one
from answerable.model.warrants import Credential, Peer
from answerable.pipeline.carry import carry
from tests.unit.pipeline.scripted import PARTY, Stage

GOOD = Credential("ans_good", Peer("127.0.0.1"))


async def test_a_model_is_listed_with_who_answers_for_it() -> None:
    stage = Stage(carry)
    entry = (await listing(GOOD, stage.deps))["data"][0]
    assert (entry["id"], entry["object"], entry["owned_by"]) == ("model", "model", PARTY.id)
    assert entry["answerable"]["system"] == stage.model.id
    assert await one("model", GOOD, stage.deps) == entry


async def test_a_stopped_model_is_not_listed() -> None:
    stage = Stage(carry)
    stage.gate.stopped[stage.model.num] = "order"
    assert (await listing(GOOD, stage.deps))["data"] == []
    with pytest.raises(Refused) as caught:
        await one("model", GOOD, stage.deps)
    assert caught.value.code == "stop.system"


async def test_a_stopped_caller_sees_nothing() -> None:
    stage = Stage(carry)
    stage.gate.stopped[stage.app.num] = "order"
    with pytest.raises(Refused):
        await listing(GOOD, stage.deps)
    assert stage.ledger.refusals == ["stop.system"], "a list is no action: there is no record, but a count"
