# SPDX-License-Identifier: Apache-2.0
"""OpenAI's own Python SDK, unmodified: a base URL and a key, and nothing else of ours on the client's side."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from msgspec import structs
from openai import AsyncOpenAI, BaseModel, OpenAI

from answerable.admission.warrant import issue, parse
from answerable.app.keys import load
from answerable.cli.session import url
from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError
from answerable.formats.saved import record_id
from tests.e2e.conftest import Brief
from tests.e2e.running import Demo, NotStarted
from tests.e2e.upstream import Upstream, streamed, whole

pytestmark = pytest.mark.model

ASK: Any = [{"role": "user", "content": "What is the capital of France?"}]
ASK_ZH: Any = [{"role": "user", "content": "法国的首都是哪里？"}]
WORDS = {"en": "AI-generated\n\n", "zh": "AI生成\n\n"}
SCHEMA: Any = {
    "type": "object",
    "properties": {"capital": {"type": "string", "maxLength": 12}, "sure": {"type": "boolean"}},
    "required": ["capital", "sure"],
    "additionalProperties": False,
}
TOOL: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


def member(answer: Any) -> dict[str, Any]:
    """The extension member of an SDK's object."""
    found: dict[str, Any] = answer.model_extra["answerable"]
    return found


def labelled(demo: Demo, answer: Any, *, explicit: str = "AI-generated", place: str = "text") -> str:
    """Assert what every labelled answer bears, whichever endpoint it comes from; its record id."""
    extension = member(answer)
    rid: str = extension["record"]
    aigc = extension["AIGC"]
    assert record_id(rid) == rid
    assert aigc["Label"] == "1"
    assert aigc["ProduceID"] == rid
    assert len(aigc["ContentProducer"]) == 27
    assert extension.get("explicit", "") == explicit
    assert extension.get("place", "") == (place if explicit else "")
    leaf = demo.record(rid)
    assert (leaf["k"], leaf["dec"]) == ("open", "permit")
    return rid


# --- what is answered -------------------------------------------------------------------------------------------------


def test_models_are_listed_and_named(client: OpenAI, demo: Demo) -> None:
    names = [model.id for model in client.models.list()]
    assert names == ["SmolLM2-135M-Instruct-Q4_1", "multilingual-e5-small-4bit"], "what does not run is not listed"
    one = client.models.retrieve(names[0])
    assert one.model_extra is not None
    assert one.model_extra["answerable"]["system"] == demo.systems[names[0]]
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-4o")
    assert caught.value.code == "model.unknown"


def test_a_chat_is_answered_labelled_and_recorded(client: OpenAI, demo: Demo) -> None:
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=ASK, max_tokens=5, temperature=0)
    answer = raw.parse()
    rid = labelled(demo, answer)
    assert answer.id == f"chatcmpl-{rid}"
    assert answer.object == "chat.completion"
    content = answer.choices[0].message.content
    assert content is not None
    assert content.startswith(WORDS["en"])
    assert len(content) > len(WORDS["en"])
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 10
    assert answer.usage.completion_tokens == 5
    assert raw.headers["x-answerable-record"] == rid
    assert raw.headers["x-request-id"] == rid
    assert json.loads(raw.headers["aigc"]) == member(answer)["AIGC"]
    close = demo.close_of(rid)
    assert close is not None
    assert close["st"] == "done"
    assert (close["u"]["in"], close["u"]["out"]) == (answer.usage.prompt_tokens, 5)
    assert close["u"]["mjk"] in ("measured", "estimated")


@pytest.mark.parametrize("name", ["system", "id", "auto"])
def test_a_model_goes_by_its_name_its_id_or_auto(client: OpenAI, demo: Demo, name: str) -> None:
    system = "SmolLM2-135M-Instruct-Q4_1"
    asked = {"system": system, "id": demo.systems[system], "auto": "auto"}[name]
    answer = client.chat.completions.create(model=asked, messages=ASK, max_tokens=2)
    assert answer.model == system


def test_a_stream_is_labelled_first_and_has_no_extra_chunk(client: OpenAI, demo: Demo) -> None:
    with client.chat.completions.with_streaming_response.create(
        model="auto", messages=ASK, max_tokens=5, temperature=0, stream=True
    ) as raw:
        assert raw.headers["content-type"].startswith("text/event-stream")
        header = raw.headers["x-answerable-record"]
        chunks = list(raw.parse())
    assert {chunk.id for chunk in chunks} == {f"chatcmpl-{header}"}
    assert all(len(chunk.choices) == 1 for chunk in chunks), "usage that nobody asked for, or a chunk of our own"
    assert all(chunk.usage is None for chunk in chunks)
    said = [chunk.choices[0].delta.content or "" for chunk in chunks]
    first = next(text for text in said if text)
    assert first.startswith(WORDS["en"])
    assert len(first) > len(WORDS["en"]), "the words came in a chunk of their own"
    assert chunks[-1].choices[0].finish_reason == "length"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert labelled(demo, chunks[0]) == labelled(demo, chunks[-1]) == header
    assert not any(chunk.model_extra and "answerable" in chunk.model_extra for chunk in chunks[1:-1])


def test_a_stream_reports_its_usage_to_who_asks(client: OpenAI, demo: Demo) -> None:
    chunks = list(
        client.chat.completions.create(
            model="auto", messages=ASK, max_tokens=4, temperature=0, stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 4
    close = demo.close_of(labelled(demo, chunks[0]))
    assert close is not None
    assert close["u"]["out"] == 4


def test_each_of_several_choices_is_labelled(client: OpenAI, demo: Demo) -> None:
    answer = client.chat.completions.create(model="auto", messages=ASK, max_tokens=4, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all((choice.message.content or "").startswith(WORDS["en"]) for choice in answer.choices)
    labelled(demo, answer)


def test_each_of_several_streamed_choices_is_labelled(client: OpenAI, demo: Demo) -> None:
    said = {0: "", 1: ""}
    for chunk in client.chat.completions.create(model="auto", messages=ASK, max_tokens=4, n=2, stream=True):
        for choice in chunk.choices:
            said[choice.index] += choice.delta.content or ""
    assert all(text.startswith(WORDS["en"]) and text.count("AI-generated") == 1 for text in said.values())


def test_the_streaming_helper_of_the_sdk_adds_the_chunks_up(scripted: tuple[Demo, Upstream]) -> None:
    demo, _ = scripted
    with OpenAI(base_url=demo.gateway, api_key=demo.handle) as client:
        with client.chat.completions.stream(model="scripted", messages=ASK) as stream:
            final = stream.get_final_completion()
    assert final.choices[0].message.content == WORDS["en"] + "Hello there."
    labelled(demo, final)


def test_a_chinese_question_gets_a_chinese_label(client: OpenAI, demo: Demo) -> None:
    answer = client.chat.completions.create(model="auto", messages=ASK_ZH, max_tokens=3)
    labelled(demo, answer, explicit="AI生成")
    assert (answer.choices[0].message.content or "").startswith(WORDS["zh"])
    told = client.chat.completions.create(
        model="auto", messages=ASK, max_tokens=3, extra_headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}
    )
    labelled(demo, told, explicit="AI生成")


def test_the_request_cannot_choose_its_audience(client: OpenAI, demo: Demo) -> None:
    answer = client.chat.completions.create(
        model="auto",
        messages=ASK,
        max_tokens=3,
        extra_body={"audience": "machine", "answerable": {"audience": "machine", "explicit": ""}},
        extra_headers={"answerable-audience": "machine"},
    )
    labelled(demo, answer)


def test_a_machine_reads_its_label_in_the_field_alone(demo: Demo) -> None:
    """The agent's warrant says that machines read what it asks for."""
    warrant = _grant(demo)
    with OpenAI(base_url=demo.gateway, api_key=warrant) as agent:
        answer = agent.chat.completions.create(model="auto", messages=ASK, max_tokens=3)
    labelled(demo, answer, place="field")
    assert "AI-generated" not in (answer.choices[0].message.content or "")


def test_responses(client: OpenAI, demo: Demo) -> None:
    answer = client.responses.create(model="auto", input="Say hello.", temperature=0, max_output_tokens=4)
    rid = labelled(demo, answer)
    assert answer.id == f"resp_{rid}"
    assert answer.output_text.startswith(WORDS["en"])
    assert answer.usage is not None
    assert answer.usage.output_tokens == 4


def test_streamed_responses(client: OpenAI, demo: Demo) -> None:
    events: list[Any] = list(
        client.responses.create(model="auto", input="Say hello.", max_output_tokens=4, temperature=0, stream=True)
    )
    kinds = [event.type for event in events]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    final = events[-1].response
    assert "".join(deltas) == final.output_text
    assert final.output_text.startswith(WORDS["en"])
    assert labelled(demo, events[0].response) == labelled(demo, final)
    assert final.id == events[0].response.id == f"resp_{member(final)['record']}"
    assert final.usage.output_tokens == 4


def test_the_streaming_helper_of_responses_follows(client: OpenAI) -> None:
    with client.responses.stream(model="auto", input="Say hello.", max_output_tokens=4) as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text.startswith(WORDS["en"])


def test_completions(client: OpenAI, demo: Demo) -> None:
    answer = client.completions.create(model="auto", prompt="Once upon a time", max_tokens=5)
    rid = labelled(demo, answer)
    assert answer.id == f"cmpl-{rid}"
    assert answer.choices[0].text.startswith(WORDS["en"])
    chunks = list(client.completions.create(model="auto", prompt="Once upon", max_tokens=4, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks).startswith(WORDS["en"])
    assert len({chunk.id for chunk in chunks}) == 1
    labelled(demo, chunks[-1])


def test_embeddings(client: OpenAI, demo: Demo) -> None:
    texts = ["a cat sits on the mat", "ein Kätzchen liegt auf der Matte", "interest rates of central banks"]
    answer = client.embeddings.create(model="auto", input=texts)
    labelled(demo, answer, explicit="")
    a, b, c = (each.embedding for each in answer.data)
    near = sum(x * y for x, y in zip(a, b, strict=True))
    far = sum(x * y for x, y in zip(a, c, strict=True))
    assert near > far
    plain = client.embeddings.create(model="auto", input=texts[0], encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(a, abs=1e-6)
    assert answer.usage.prompt_tokens > 0


def test_a_schema_is_kept_and_its_label_stays_outside(client: OpenAI, demo: Demo) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
    answer = client.chat.completions.create(
        model="auto", messages=ASK, max_tokens=60, temperature=0, response_format=form
    )
    content = answer.choices[0].message.content
    assert content is not None
    assert set(json.loads(content)) == {"capital", "sure"}, "the whole text is the structure, no word of ours in it"
    labelled(demo, answer, place="field")
    chunks = list(
        client.chat.completions.create(
            model="auto", messages=ASK, max_tokens=60, temperature=0, response_format=form, stream=True
        )
    )
    assert set(json.loads("".join(c.choices[0].delta.content or "" for c in chunks))) == {"capital", "sure"}
    labelled(demo, chunks[0], place="field")
    loose = client.chat.completions.create(
        model="auto", messages=ASK, max_tokens=40, response_format={"type": "json_object"}
    )
    assert "AI-generated" not in (loose.choices[0].message.content or "")
    labelled(demo, loose, place="field")


def test_structured_output_is_parsed_by_the_sdk(client: OpenAI) -> None:
    class Capital(BaseModel):
        sure: bool

    parsed = client.chat.completions.parse(
        model="auto", messages=ASK, max_tokens=60, temperature=0, response_format=Capital
    )
    assert isinstance(parsed.choices[0].message.parsed, Capital)


def test_tools_go_there_and_back_untouched(scripted: tuple[Demo, Upstream]) -> None:
    demo, upstream = scripted
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
    upstream.answer = lambda _: [whole(None, tool_calls=[call])]  # type: ignore[arg-type]
    with OpenAI(base_url=demo.gateway, api_key=demo.handle) as client:
        answer = client.chat.completions.create(
            model="scripted", messages=ASK, tools=[TOOL], tool_choice="auto", seed=7, parallel_tool_calls=False
        )
    made = answer.choices[0].message.tool_calls
    assert made is not None
    assert made[0].model_dump() == call
    assert answer.choices[0].finish_reason == "tool_calls"
    asked = upstream.asked[-1]
    assert asked["tools"] == [TOOL]
    assert (asked["tool_choice"], asked["seed"], asked["parallel_tool_calls"]) == ("auto", 7, False)
    assert asked["model"] == "scripted"
    assert "authorization" not in upstream.heads[-1], "the caller's key must not reach the model's server"


def test_async_calls_side_by_side(demo: Demo) -> None:
    async def ask() -> None:
        async with AsyncOpenAI(base_url=demo.gateway, api_key=demo.handle) as client:

            async def streamed_ids() -> set[str]:
                stream = await client.chat.completions.create(model="auto", messages=ASK, max_tokens=4, stream=True)
                return {chunk.id async for chunk in stream}

            plain = client.chat.completions.create(model="auto", messages=ASK, max_tokens=4)
            answer, embedded, *ids = await asyncio.gather(
                plain, client.embeddings.create(model="auto", input="x"), streamed_ids(), streamed_ids()
            )
            assert all(len(each) == 1 for each in ids)
            rids = {answer.id, *ids[0], *ids[1], member(embedded)["record"]}
            assert len(rids) == 4, "two actions bear one record id"

    asyncio.run(asyncio.wait_for(ask(), 60))


# --- what is refused --------------------------------------------------------------------------------------------------


def test_errors_are_the_sdks_own(client: OpenAI, demo: Demo) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-4o", messages=ASK)
    error = unknown.value
    assert error.code == "model.unknown"
    assert isinstance(error.body, dict)
    assert error.body["remedy"]
    assert error.body["zh"]["remedy"]
    rid = error.body["answerable"]["record"]
    assert error.request_id == rid
    leaf = demo.record(rid)
    assert (leaf["k"], leaf["dec"], leaf["err"]) == ("open", "refuse", "model.unknown")
    with pytest.raises(openai.BadRequestError) as invalid:
        client.chat.completions.create(model="auto", messages=[])
    assert (invalid.value.code, invalid.value.param) == ("request.invalid", "messages")
    with pytest.raises(openai.NotFoundError) as kept:
        client.responses.create(model="auto", input="x", previous_response_id="resp_1")
    assert kept.value.code == "request.response_unknown"
    with pytest.raises(openai.BadRequestError) as rejected:
        client.chat.completions.create(model="auto", messages=ASK, max_tokens="many")  # type: ignore[call-overload]
    assert rejected.value.code == "upstream.rejected"


def test_what_the_warrant_does_not_reach_is_refused_and_recorded(client: OpenAI, demo: Demo) -> None:
    with pytest.raises(openai.PermissionDeniedError) as caught:
        client.chat.completions.create(model="auto", messages=ASK, extra_headers={"answerable-world": "physical"})
    assert caught.value.code == "warrant.world"
    assert demo.record(caught.value.body["answerable"]["record"])["err"] == "warrant.world"  # type: ignore[index]
    with pytest.raises(openai.PermissionDeniedError) as high:
        client.chat.completions.create(model="auto", messages=ASK, extra_headers={"answerable-criticality": "critical"})
    assert high.value.code == "warrant.criticality"


def test_a_refusal_is_not_tried_again(demo: Demo) -> None:
    asked: list[str] = []
    watching = httpx2.Client(event_hooks={"request": [lambda request: asked.append(str(request.url))]})
    with OpenAI(base_url=demo.gateway, api_key="ans_wrong", http_client=watching) as client:
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model="auto", messages=ASK)
    assert len(asked) == 1


def test_an_error_inside_a_stream_is_raised(scripted: tuple[Demo, Upstream]) -> None:
    demo, upstream = scripted

    def broken(_: dict[str, Any]) -> Iterator[bytes]:
        yield from list(streamed("Hello ", "there "))[:2]
        time.sleep(0.3)  # so that they leave the gateway before it sees what follows
        yield b"data: {not json}\n\n"

    upstream.answer = broken
    with OpenAI(base_url=demo.gateway, api_key=demo.handle, max_retries=0) as client:
        stream = client.chat.completions.create(model="scripted", messages=ASK, stream=True)
        said = []
        with pytest.raises(openai.APIError) as caught:
            for chunk in stream:
                said.append(chunk)
    assert caught.value.code == "upstream.broken"
    assert said
    close = demo.close_of(record_id(said[0].id))
    assert close is not None
    assert (close["st"], close["err"]) == ("error", "upstream.broken")


def refused(demo: Demo, key: str) -> str:
    """The code with which a call under `key` is refused; the same for every endpoint."""
    codes = set()
    with OpenAI(base_url=demo.gateway, api_key=key) as client:
        calls: list[Callable[[], object]] = [
            lambda: client.chat.completions.create(model="auto", messages=ASK),
            lambda: client.chat.completions.create(model="auto", messages=ASK, stream=True),
            lambda: client.responses.create(model="auto", input="x"),
            lambda: client.completions.create(model="auto", prompt="x"),
            lambda: client.embeddings.create(model="auto", input="x"),
            client.models.list,
        ]
        for call in calls:
            with pytest.raises((openai.AuthenticationError, openai.PermissionDeniedError)) as caught:
                call()
            codes.add(caught.value.code)
    assert len(codes) == 1, codes
    return str(codes.pop())


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("ans_" + "A" * 43, "handle.unknown"),
        ("ans_", "handle.unknown"),
        ("ans_" + "A" * 15_000, "handle.unknown"),
        ("sk-of-somebody-else", "warrant.malformed"),
        ("a.b.c", "warrant.malformed"),
    ],
)
def test_a_wrong_key_is_refused(demo: Demo, key: str, code: str) -> None:
    assert refused(demo, key) == code


def test_no_key_is_refused(demo: Demo) -> None:
    for headers in ({}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer"}, {"x-api-key": demo.handle}):
        answer = httpx2.post(f"{demo.gateway}/chat/completions", json={"model": "auto"}, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "warrant.missing"
        assert answer.json()["error"]["type"] == "authentication_error"


def test_a_handle_with_one_character_changed_is_unknown(demo: Demo) -> None:
    flipped = demo.handle[:-1] + ("A" if demo.handle[-1] != "A" else "B")
    assert refused(demo, flipped) == "handle.unknown"


def test_a_revoked_handle_is_refused_at_once_and_listed(demo: Demo) -> None:
    value, rid = demo.issue()
    with OpenAI(base_url=demo.gateway, api_key=value) as client:
        client.chat.completions.create(model="auto", messages=ASK, max_tokens=1)
        done = demo.cli("handles", "revoke", rid)
        assert done.status == 0, done
        with pytest.raises(openai.AuthenticationError) as caught:
            client.chat.completions.create(model="auto", messages=ASK, max_tokens=1)
    assert caught.value.code == "handle.revoked"
    rows = {row["rid"]: row for row in demo.json("handles", "ls")}
    assert rows[rid]["revoked"] > 0
    assert value not in json.dumps(list(rows.values()))


@pytest.mark.parametrize("binding", ["cidr:192.0.2.0/24", "unix"])
def test_a_handle_bound_elsewhere_is_refused(demo: Demo, binding: str) -> None:
    value, _ = demo.issue(binding)
    assert refused(demo, value) == "handle.elsewhere"


def test_a_place_cannot_be_claimed_by_a_header(demo: Demo) -> None:
    value, _ = demo.issue("cidr:192.0.2.0/24")
    claims = dict.fromkeys(("x-forwarded-for", "x-real-ip", "x-client-ip", "cf-connecting-ip"), "192.0.2.1")
    claims["forwarded"] = "for=192.0.2.1"
    answer = httpx2.get(f"{demo.gateway}/models", headers={**claims, "authorization": f"Bearer {value}"})
    assert answer.json()["error"]["code"] == "handle.elsewhere"


# --- warrants as credentials ------------------------------------------------------------------------------------------


def _grant(demo: Demo) -> str:
    """The live warrant of a copy of the demo's agent: what its own process reads from the file that it was given."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                told = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            values = dict(item.split(b"=", 1) for item in told if b"=" in item)
            named = values.get(b"ANSWERABLE_WARRANT_FILE", b"").decode()
            if named and b"demo_agent" in command and values.get(b"OPENAI_BASE_URL", b"").decode() == demo.gateway:
                return Path(named).read_text().strip()
    raise AssertionError("no agent of this demo runs")


def test_a_warrant_is_a_key_and_only_as_it_was_signed(demo: Demo) -> None:
    token = _grant(demo)
    with OpenAI(base_url=demo.gateway, api_key=token) as client:
        assert client.models.list().data
    head, claims, signature = token.split(".")
    assert refused(demo, f"{head}.{claims}.{signature[::-1]}") in ("warrant.forged", "warrant.malformed")
    assert refused(demo, f"{head}.{claims[::-1]}.{signature}") in ("warrant.forged", "warrant.malformed")
    assert refused(demo, f"{head}.{claims}.") in ("warrant.forged", "warrant.malformed")


def test_warrants_that_were_signed_otherwise_are_refused(demo: Demo) -> None:
    """The operator's own key, in the wrong hands' way: expired, for another gateway, by another issuer."""
    keys = load(demo.store)
    token = _grant(demo)
    kid = next(entry["rid"] for entry in demo.records() if entry["kind"] == "key" and entry["leaf"]["use"] == "warrant")
    warrant = parse(token, {kid: keys.warrant.public})
    now = int(time.time() * 1000)
    old = structs.replace(warrant, iat_ms=now - 400_000, exp_ms=now - 100_000)
    assert refused(demo, issue(old, keys.warrant, kid)) == "warrant.expired"
    other = structs.replace(warrant, aud="spiffe://elsewhere.invalid/gateway/main")
    assert refused(demo, issue(other, keys.warrant, kid)) == "warrant.audience"
    assert refused(demo, issue(warrant, Key.generate(), kid)) == "warrant.forged"
    assert refused(demo, issue(warrant, keys.warrant, "another")) == "warrant.forged"
    early = structs.replace(warrant, iat_ms=now + 600_000, exp_ms=now + 660_000)
    assert refused(demo, issue(early, keys.warrant, kid)) == "warrant.not_yet"
    ages = structs.replace(warrant, iat_ms=now, exp_ms=now + 30 * 86_400_000)
    with pytest.raises(VerificationError, match=r"warrant\.life"):
        issue(ages, keys.warrant, kid)


# --- its end, and another run -----------------------------------------------------------------------------------------


def test_a_second_run_finds_its_store_again(scripted_upstream: Upstream, start: Callable[..., Demo]) -> None:
    flags = ("--url", scripted_upstream.url, "--model", "scripted", "--locality", "local")
    first = start(*flags)
    with OpenAI(base_url=first.gateway, api_key=first.handle) as client:
        answer = client.chat.completions.create(model="scripted", messages=ASK)
    first.end()
    again = start(*flags, store=first.store)
    assert (again.handle, again.systems, again.store) == (first.handle, first.systems, first.store)
    assert again.record(record_id(answer.id))["dec"] == "permit"
    assert again.cli("who", record_id(answer.id)).status == 0
    with OpenAI(base_url=again.gateway, api_key=again.handle) as client:
        assert client.chat.completions.create(model="scripted", messages=ASK).choices


def test_two_demos_do_not_share_a_store(demo: Demo) -> None:
    with pytest.raises(NotStarted) as caught:
        Demo(demo.store)
    assert caught.value.code == "store.locked"


def test_an_expired_handle_is_refused(demo: Demo, brief: Brief) -> None:
    time.sleep(max(0.0, brief.dead - time.monotonic()))
    assert refused(demo, brief.value) == "handle.expired"
    assert demo.person().get(url("/handles"))
