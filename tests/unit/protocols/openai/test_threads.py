# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.formats.api_text import dialects
from answerable.model.actions import Chunk
from answerable.ports import Dialect
from answerable.protocols.openai.request import read
from answerable.protocols.openai.threads import Threads

RID = "abcdefghijklmnopqrstuvwxyz234567"
OURS = f"resp_{RID}"


def asked(**more: Any) -> bytes:
    return json.dumps({"model": "m", "input": "Hello", **more}).encode()


def dialect(all_of: Any, speaker: str = "a", **more: Any) -> tuple[Dialect, dict[str, Any]]:
    parsed = read("/v1/responses", asked(**more))
    made = all_of.of(parsed, speaker)
    return made, json.loads(made.prepare(parsed.request, "m", stream=False))


def answered(made: Dialect, **more: Any) -> dict[str, Any]:
    chunk = Chunk({"id": "resp_theirs", "object": "response", "model": "up", "output": [], **more})
    made.stamp(chunk, RID, "ours")
    return chunk.body


def test_a_conversation_goes_on_by_our_id() -> None:
    all_of = dialects()
    first, body = dialect(all_of)
    assert "previous_response_id" not in body
    assert answered(first)["id"] == OURS
    second, body = dialect(all_of, previous_response_id=OURS)
    assert body["previous_response_id"] == "resp_theirs", "the server knows its own ids"
    said = answered(second, previous_response_id="resp_theirs")
    assert said["previous_response_id"] == OURS, "and the client ours"


def test_a_streamed_one_too() -> None:
    all_of = dialects()
    first, _ = dialect(all_of)
    event = Chunk({"type": "response.created", "response": {"id": "resp_theirs", "object": "response"}})
    first.stamp(event, RID, "ours")
    first.stamp(Chunk({"type": "response.output_text.delta", "delta": "x", "item_id": "m"}), RID, "ours")
    assert event.body["response"]["id"] == OURS
    assert dialect(all_of, previous_response_id=OURS)[1]["previous_response_id"] == "resp_theirs"


@pytest.mark.parametrize("speaker", ["b", "c"])
def test_nobody_elses_conversation(speaker: str) -> None:
    all_of = dialects()
    answered(dialect(all_of)[0])
    with pytest.raises(Refused, match=r"request\.response_unknown"):
        dialect(all_of, speaker, previous_response_id=OURS)


@pytest.mark.parametrize("previous", ["resp_theirs", "resp_other", ""])
def test_an_id_that_is_not_ours_goes_no_further(previous: str) -> None:
    all_of = dialects()
    answered(dialect(all_of)[0])
    with pytest.raises(Refused, match=r"request\.response_unknown"):
        dialect(all_of, previous_response_id=previous)


def test_what_is_not_to_be_stored_is_not_remembered() -> None:
    all_of = dialects()
    answered(dialect(all_of, store=False)[0])
    with pytest.raises(Refused, match=r"request\.response_unknown"):
        dialect(all_of, previous_response_id=OURS)


def test_the_oldest_is_forgotten_first() -> None:
    threads = Threads(most=2)
    for number in range(3):
        threads.remember(f"r{number}", "a", f"t{number}")
    assert threads.behind("r2", "a") == "t2"
    with pytest.raises(Refused, match=r"request\.response_unknown"):
        threads.behind("r0", "a")


def test_who_is_not_known_goes_on_from_nothing() -> None:
    all_of = dialects()
    answered(dialect(all_of)[0])
    with pytest.raises(Refused, match=r"request\.response_unknown"):
        dialect(all_of, "", previous_response_id=OURS)
