# SPDX-License-Identifier: Apache-2.0
"""What must hold of each step, as scripts over `carry`. `test_carry` runs them on the real one; `test_mutants` runs
them on mutants, of which each must make its named scenario fail."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from answerable.model.terms import DataClass, Locality, World
from answerable.model.units import Unit
from tests.unit.pipeline.scripted import DONE, Carry, Stage, answer, bearer, event


async def an_expired_caller_is_refused_and_recorded(carry: Carry) -> None:
    stage = Stage(carry)
    stage.desk.callers["ans_good"] = bearer(stage.app, exp_ms=stage.clock.ms)
    out = await stage.run()
    assert out.error is not None
    assert out.error.code == "warrant.expired"
    assert stage.upstream.calls == 0
    (leaf,) = stage.opens
    assert (leaf.dec, leaf.err, leaf.sys) == ("refuse", "warrant.expired", stage.app.rid)


async def a_stopped_model_is_not_called(carry: Carry) -> None:
    stage = Stage(carry)
    stage.gate.stopped[stage.model.num] = "order"
    out = await stage.run()
    assert out.error is not None
    assert out.error.code == "stop.system"
    assert stage.upstream.calls == 0
    assert len(stage.opens) == 1


async def an_action_beyond_its_worlds_is_refused(carry: Carry) -> None:
    stage = Stage(carry)
    out = await stage.run(world=World.PHYSICAL)
    assert out.error is not None
    assert out.error.code == "warrant.world"
    assert stage.upstream.calls == 0


async def confidential_content_does_not_leave(carry: Carry) -> None:
    stage = Stage(carry)
    stage.upstream.locality = Locality.EXTERNAL
    out = await stage.run(data_class=DataClass.CONFIDENTIAL)
    assert out.error is not None
    assert out.error.code == "policy.refused"
    assert stage.upstream.calls == 0
    (leaf,) = stage.opens
    assert (leaf.dec, leaf.via) == ("refuse", stage.model.rid)


async def the_open_leaf_stands_before_the_call(carry: Carry) -> None:
    stage = Stage(carry)
    await stage.run()
    assert stage.ledger.log == ["OpenLeaf", "call", "CloseLeaf"]


async def a_stop_that_comes_while_the_disk_is_waited_for_is_obeyed(carry: Carry) -> None:
    stage = Stage(carry)

    async def stop(unit: Unit) -> None:
        stage.gate.stopped[stage.app.num] = "order"

    stage.ledger.before = stop
    out = await stage.run()
    assert stage.upstream.calls == 0
    assert out.error is not None
    assert out.error.code == "stop.system"
    assert [leaf.st for leaf in stage.closes] == ["stopped"]


async def a_hanging_upstream_is_left_at_the_deadline(carry: Carry) -> None:
    stage = Stage(carry, deadline_s=0.05)
    stage.upstream.script = stage.says(lambda: asyncio.sleep(3600))
    task = asyncio.create_task(stage.run())
    done, _ = await asyncio.wait([task], timeout=1.0)
    if not done:
        task.cancel()
        await asyncio.wait([task])
    assert done
    assert stage.out.error.code == "upstream.timeout"
    assert stage.upstream.left == 1
    assert [(leaf.st, leaf.err) for leaf in stage.closes] == [("error", "upstream.timeout")]


async def a_red_line_is_not_released(carry: Carry) -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("fine "), event("forb"), event("idden"), event("", "stop"), DONE)
    out = await stage.run(stream=True)
    assert b"idden" not in out.data
    assert out.error is not None
    assert out.error.code == "redline.credential"
    assert [leaf.st for leaf in stage.closes] == ["refused"]


async def a_stop_between_two_pieces_ends_the_stream(carry: Carry) -> None:
    stage = Stage(carry)

    async def stop() -> None:
        stage.gate.stopped[stage.model.num] = "order"

    stage.upstream.script = stage.says(event("one "), stop, event("two"), event("", "stop"), DONE)
    out = await stage.run(stream=True)
    assert b"one" in out.data
    assert b"two" not in out.data
    assert [leaf.st for leaf in stage.closes] == ["stopped"]


async def a_credential_that_is_revoked_between_two_pieces_ends_the_stream(carry: Carry) -> None:
    stage = Stage(carry)

    async def revoke() -> None:
        stage.desk.refusals["ans_good"] = "handle.revoked"

    stage.upstream.script = stage.says(event("one "), revoke, event("two"), event("", "stop"), DONE)
    out = await stage.run(stream=True)
    assert b"one" in out.data
    assert b"two" not in out.data
    assert [(leaf.st, leaf.err) for leaf in stage.closes] == [("refused", "handle.revoked")]


async def a_known_credential_that_does_not_let_in_is_recorded_under_its_copy(carry: Carry) -> None:
    stage = Stage(carry)
    stage.desk.refusals["ans_good"] = "handle.elsewhere"
    out = await stage.run()
    assert out.error is not None
    assert out.error.code == "handle.elsewhere"
    assert stage.upstream.calls == 0
    (leaf,) = stage.opens
    assert (leaf.dec, leaf.err, leaf.sys) == ("refuse", "handle.elsewhere", stage.app.rid)
    assert stage.ledger.refusals == []
    assert out.record


async def the_answer_is_labelled_for_people_and_machines(carry: Carry) -> None:
    stage = Stage(carry)
    out = await stage.run()
    body: dict[str, Any] = msgspec.json.decode(out.data)
    assert "AI-generated" in body["choices"][0]["message"]["content"]
    assert stage.opens[0].k == "open"
    assert msgspec.json.decode(out.aigc) == body["answerable"]["AIGC"]
    assert body["answerable"]["AIGC"]["ProduceID"] == out.record


async def each_piece_carries_the_record_id(carry: Carry) -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one "), event("two"), event("", "stop"), DONE)
    out = await stage.run(stream=True)
    events = [line[6:] for line in out.data.split(b"\n\n") if line.startswith(b"data: {")]
    assert len(events) == 3, "no extra piece"
    assert {msgspec.json.decode(data)["id"] for data in events} == {f"chatcmpl-{out.record}"}


async def the_close_leaf_says_how_it_ended(carry: Carry) -> None:
    stage = Stage(carry)
    out = await stage.run()
    (leaf,) = stage.closes
    assert (leaf.open, leaf.st) == (out.record, "done")
    usage = leaf.u
    assert not isinstance(usage, msgspec.UnsetType)
    assert (usage.in_, usage.out, usage.mjk) == (3, 4, "estimated")
    assert out.finished


async def an_answer_in_one_piece_is_watched_too(carry: Carry) -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(answer("this is forbidden"))
    out = await stage.run()
    assert out.data == b""
    assert out.error.code == "redline.credential"


SCENARIOS = [value for name, value in list(globals().items()) if asyncio.iscoroutinefunction(value)]
