# SPDX-License-Identifier: Apache-2.0
"""An upstream that hangs, lies, breaks or dies: a clear error each time, the action recorded, the server alive."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2 as httpx
import openai
import pytest

from tests.e2e.places import Place, running
from tests.e2e.scripted_upstream import ScriptedUpstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as made:
        yield made


@pytest.fixture(scope="module")
def place(upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    store = tmp_path_factory.mktemp("upstreams") / "store"
    with running(
        ("demo", "--port", "0", "--url", upstream.url, "--model", "scripted", "--locality", "local"), store
    ) as p:
        yield p


def last_close(place: Place, record: str) -> dict[str, object]:
    closes = [leaf["leaf"] for leaf in place.leaves() if leaf["leaf"].get("open") == record]
    assert len(closes) == 1
    return dict(closes[0])


@pytest.mark.parametrize(
    ("word", "stream", "status", "code"),
    [
        ("teapot", False, 400, "upstream.rejected"),
        ("broke", False, 502, "upstream.failed"),
        ("lie", False, 502, "upstream.truncated"),
        ("html", False, 502, "upstream.broken"),
        ("key", False, 403, "redline.credential"),
    ],
)
def test_an_answer_that_is_none(place: Place, word: str, stream: bool, status: int, code: str) -> None:
    reply = place.ask(f"do:{word}", stream=stream)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (status, code)
    assert error["remedy"]
    assert error["zh"]["remedy"]
    record = reply.headers["x-answerable-record"]
    assert last_close(place, record)["err"] == code
    assert place.ask().status_code == 200


@pytest.mark.parametrize(
    ("word", "code"),
    [("broken_event", "upstream.broken"), ("die", "upstream.truncated"), ("key", "redline.credential")],
)
def test_a_stream_that_breaks(place: Place, word: str, code: str) -> None:
    seen: list[str] = []
    with pytest.raises(openai.APIError) as caught:
        for chunk in place.client().chat.completions.create(
            model="auto", stream=True, messages=[{"role": "user", "content": f"do:{word}"}]
        ):
            seen += [choice.delta.content or "" for choice in chunk.choices]
            record = chunk.id.removeprefix("chatcmpl-")
    assert caught.value.code == code
    assert "KEY-----" not in "".join(seen)
    close = last_close(place, record)
    assert close["err"] == code
    assert "c" in close, "what left is committed to"


def test_a_client_that_goes_away_cancels_the_call(place: Place, upstream: ScriptedUpstream) -> None:
    before = upstream.gone
    with httpx.stream(
        "POST",
        place.gateway + "/chat/completions",
        headers={"authorization": f"Bearer {place.handle}"},
        json={"model": "auto", "stream": True, "messages": [{"role": "user", "content": "do:drip"}]},
    ) as reply:
        record = reply.headers["x-answerable-record"]
        next(reply.iter_bytes())
    until = time.monotonic() + 10
    while upstream.gone == before and time.monotonic() < until:
        time.sleep(0.05)
    assert upstream.gone == before + 1
    assert last_close(place, record)["err"] == "request.disconnected"


def test_a_client_that_gives_up_on_a_silent_upstream_cancels_the_call(place: Place, upstream: ScriptedUpstream) -> None:
    before = upstream.gone
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            place.gateway + "/chat/completions",
            headers={"authorization": f"Bearer {place.handle}"},
            json={"model": "auto", "messages": [{"role": "user", "content": "do:hang"}]},
            timeout=0.5,
        )
    until = time.monotonic() + 10
    while upstream.gone == before and time.monotonic() < until:
        time.sleep(0.05)
    assert upstream.gone == before + 1


def test_confidential_content_stays_on_private_models(upstream: ScriptedUpstream, place: Place) -> None:
    """The model here is local by its configuration, so what is confidential may be asked of it."""
    body = {"model": "auto", "messages": [{"role": "user", "content": "a secret"}]}
    reply = place.post("/chat/completions", body, **{"answerable-data-class": "confidential"})
    assert reply.status_code == 200


def test_the_meter_says_what_it_measured(place: Place) -> None:
    reply = place.ask()
    close = last_close(place, reply.headers["x-answerable-record"])
    usage = close["u"]
    assert isinstance(usage, dict)
    assert (usage["in"], usage["out"], usage["mjk"]) == (3, 2, "estimated")
    metrics = httpx.get(place.gateway.removesuffix("/v1") + "/metrics").text
    assert 'answerable_tokens_total{direction="out"}' in metrics
    assert 'answerable_energy_joules_total{measure="estimated"}' in metrics
    assert 'answerable_actions_total{act="generation",outcome="done",code=""}' in metrics


def test_the_gateway_forwards_neither_credential_nor_model_name(place: Place, upstream: ScriptedUpstream) -> None:
    place.ask("hello there")
    assert upstream.calls[-1]["model"] == "scripted"
    assert place.handle not in str(upstream.calls[-1])
