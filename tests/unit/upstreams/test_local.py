# SPDX-License-Identifier: Apache-2.0
"""The real local model in its real child process."""

import asyncio
import math
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission import receipts
from answerable.admission.receipts import StopState
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, Unavailable
from answerable.marks.text_watermark import sampling_key
from answerable.model.terms import Locality
from answerable.upstreams import local
from answerable.upstreams.last_word import Word
from answerable.upstreams.local import LocalModel
from answerable.upstreams.process import is_running
from answerable.upstreams.weights import E5_SMALL, SMOLLM2, Weights, obtain

CHAT = "/v1/chat/completions"


async def ask(model: LocalModel, path: str, **body: Any) -> Any:
    with closing(await model.call(path, msgspec.json.encode(body), stream=False)) as reply:
        return msgspec.json.decode(await reply.whole(1 << 30))


@pytest.fixture
async def smol() -> AsyncIterator[LocalModel]:
    path = await asyncio.to_thread(obtain, SMOLLM2)
    model = LocalModel("local", "generation", SMOLLM2, path, model="smollm2", threads=1, context=512, slots=1)
    await model.start()
    yield model
    await model.close()


@pytest.mark.model
async def test_it_answers_streams_and_proves_its_key(smol: LocalModel) -> None:
    assert smol.alive
    assert smol.locality is Locality.LOCAL
    assert is_running(smol.process)
    await smol.prove()
    answer = await ask(smol, CHAT, messages=[{"role": "user", "content": "Say hello."}], max_tokens=6)
    assert answer["usage"]["completion_tokens"] > 0
    assert answer["choices"][0]["message"]["content"]
    again = await ask(smol, CHAT, messages=[{"role": "user", "content": "Say hello."}], max_tokens=6)
    assert again["usage"]["prompt_tokens_details"]["cached_tokens"] == 0, "one caller's prompt must not show to another"
    body = msgspec.json.encode({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5, "stream": True})
    with closing(await smol.call(CHAT, body, stream=True)) as reply:
        events = await reply.whole(1 << 30)
    assert events.endswith(b"data: [DONE]\n\n")
    with pytest.raises(Refused) as caught:
        await ask(smol, CHAT, messages=[{"role": "user", "content": "Hi"}], max_tokens="x")
    assert caught.value.code == "upstream.rejected"
    word = Word(
        origin="x.invalid", order="o" * 32, holder="h" * 32, t_received=2, t_last_action=1, in_flight=0,
        stop_state=StopState.STOPPED, n="A" * 22,
    )  # fmt: skip
    receipts.read(await smol.word(word), {"h" * 32: unb64u(smol.key)}, "x.invalid")


@pytest.mark.model
async def test_its_socket_is_private_its_end_is_noticed_and_nothing_stays(smol: LocalModel) -> None:
    directory = smol._directory
    assert directory is not None
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    environment = Path(f"/proc/{smol.process.split(':')[1]}/environ").read_bytes()  # noqa: ASYNC240
    assert b"OMP_WAIT_POLICY=passive" in environment
    assert b"PYTEST" not in environment
    os.kill(int(smol.process.split(":")[1]), 9)
    await asyncio.wait_for(smol.ended(), 5)
    assert not smol.alive
    with pytest.raises(Unavailable) as caught:
        await smol.call(CHAT, b"{}", stream=False)
    assert caught.value.code == "upstream.unreachable"
    await smol.close()
    assert not directory.exists()


@pytest.mark.model
async def test_embeddings_of_like_texts_are_alike() -> None:
    path = await asyncio.to_thread(obtain, E5_SMALL)
    model = LocalModel("e5", "embedding", E5_SMALL, path, model="e5", threads=1)
    await model.start()
    try:
        answer = await ask(model, "/v1/embeddings", input=["the cat sleeps", "猫在睡觉", "quarterly tax report"])
        one, two, three = ([float(x) for x in entry["embedding"]] for entry in answer["data"])
        assert math.isclose(math.hypot(*one), 1.0, rel_tol=1e-3)
        alike = sum(a * b for a, b in zip(one, two, strict=True))
        unlike = sum(a * b for a, b in zip(one, three, strict=True))
        assert alike > unlike
        await model.prove()
    finally:
        await model.close()


async def test_other_weights_than_registered_are_not_run(tmp_path: Path) -> None:
    path = tmp_path / "w.gguf"
    path.write_bytes(b"not what was registered")
    model = LocalModel("local", "generation", SMOLLM2, path, model="m")
    with pytest.raises(Unavailable) as caught:
        await model.start()
    assert caught.value.code == "upstream.weights"
    assert not model.alive


async def test_weights_that_do_not_load_are_said(tmp_path: Path) -> None:
    path = tmp_path / "w.gguf"
    path.write_bytes(b"no model at all")
    from answerable.upstreams.weights import sha256_of

    toy = Weights("toy", "toy", "1", "toy/w.gguf", sha256_of(path), 15, "MIT")
    model = LocalModel("local", "generation", toy, path, model="m")
    with pytest.raises(Unavailable) as caught:
        await model.start()
    assert caught.value.code == "upstream.not_started"
    await model.close()


def test_what_a_killed_parent_left_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in (f"answerable-copy-{2**30}-x", f"answerable-copy-{os.getpid()}-x", "answerable-copy-odd-x"):
        (tmp_path / name).mkdir()
    local._clear_left_behind()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"answerable-copy-{os.getpid()}-x", "answerable-copy-odd-x"]
    )


TELL = [{"role": "user", "content": "Tell me a long story about a lighthouse and the sea."}]


@pytest.mark.model
async def test_words_are_marked_found_again_and_otherwise_as_before() -> None:
    key = sampling_key(bytes(32), SMOLLM2.digest)
    path = await asyncio.to_thread(obtain, SMOLLM2)
    model = LocalModel(
        "local", "generation", SMOLLM2, path, model="smollm2", threads=2, context=512, slots=2, sampling=key
    )
    await model.start()
    try:
        environment = Path(f"/proc/{model.process.split(':')[1]}/environ").read_bytes()  # noqa: ASYNC240
        assert key not in environment
        body = {"messages": TELL, "max_tokens": 150, "temperature": 1.0, "seed": 5}
        answer = await ask(model, CHAT, **body)
        text = answer["choices"][0]["message"]["content"]
        assert answer["usage"]["completion_tokens"] <= 150
        assert (await model.find_mark(text)).log10_p < -3
        # Streamed, with the same seed: the same words.
        with closing(await model.call(CHAT, msgspec.json.encode({**body, "stream": True}), stream=True)) as reply:
            events = (await reply.whole(1 << 30)).decode().split("\n\n")
        assert events[-2] == "data: [DONE]"
        pieces = [msgspec.json.decode(event[6:])["choices"][0]["delta"].get("content", "") for event in events[:-2]]
        assert "".join(pieces) == text
        # Greedy words carry none, and are those of the engine's own sampler.
        greedy = await ask(model, CHAT, **{**body, "temperature": 0, "max_tokens": 60})
        assert (await model.find_mark(greedy["choices"][0]["message"]["content"])).log10_p > -3
        formed = await ask(model, CHAT, **{**body, "max_tokens": 12, "logprobs": True})
        assert formed["choices"][0]["logprobs"]["content"]
        both = await ask(model, CHAT, **{**body, "max_tokens": 4, "n": 2, "tools": [TOOL]})
        assert len(both["choices"]) == 2
        said, stopped = await asyncio.gather(
            ask(model, "/v1/completions", prompt="Once upon a time", max_tokens=8, temperature=1),
            ask(model, CHAT, **{**body, "stop": [text[40:44]]}),
        )
        assert said["usage"]["completion_tokens"] == 8
        assert stopped["choices"][0]["message"]["content"] == text[: text.index(text[40:44])]
        assert stopped["choices"][0]["finish_reason"] == "stop"
        chinese = await ask(
            model,
            CHAT,
            messages=[{"role": "user", "content": "用中文写一首关于大海的诗。"}],
            max_tokens=24,
            temperature=1,
        )
        assert "\ufffd" not in chinese["choices"][0]["message"]["content"]
        with pytest.raises(Refused) as caught:
            await ask(model, CHAT, messages=[{"role": "user", "content": "word " * 600}], max_tokens=5)
        assert caught.value.code == "upstream.rejected"
    finally:
        await model.close()


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.model
async def test_nobody_has_the_engine_compare_prompts_with_anothers(smol: LocalModel) -> None:
    ask_again = {"messages": TELL, "max_tokens": 1, "temperature": 0, "cache_prompt": True, "id_slot": 0}
    for _ in range(2):
        answer = await ask(smol, CHAT, **ask_again)
        assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    with pytest.raises(Unavailable) as caught:
        await smol.find_mark("The sea.")
    assert caught.value.code == "label.watermark_off"
