# SPDX-License-Identifier: Apache-2.0
import asyncio
import base64
import struct
import threading
from typing import Any

import msgspec
import pytest

from answerable.upstreams.embedding import MAX_CHARACTERS, MAX_TEXTS, Embeddings, Wrong, parse
from tests.unit.net.test_asgi import part, says


class Vector(list[float]):
    """As much of an array as is used."""

    def tolist(self) -> list[float]:
        return list(self)

    def astype(self, _: str) -> "Vector":
        return self

    def tobytes(self) -> bytes:
        return struct.pack(f"<{len(self)}f", *self)


class Engine:
    dim = 2

    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.block: threading.Event | None = None

    def encode(self, texts: str, is_query: bool = False) -> Any:
        self.calls.append((texts, is_query))
        if self.block is not None:
            self.block.wait(5)
        return Vector([1.0, float(len(texts))])

    def token_count(self, text: str, is_query: bool = False) -> int:
        return len(text)


async def ask(engine: Engine, body: dict[str, Any]) -> tuple[int, Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    waits = asyncio.Event()
    first = [part(msgspec.json.encode(body), False)]

    async def receive() -> Any:
        if first:
            return first.pop()
        await waits.wait()

    await Embeddings(engine, "e5")(receive, send)
    return sent[0]["status"], msgspec.json.decode(sent[1]["body"])


async def test_floats_and_base64_are_the_same_vector() -> None:
    status, plain = await ask(Engine(), {"input": ["a", "bc"], "model": "x"})
    assert status == 200
    assert [entry["embedding"] for entry in plain["data"]] == [[1.0, 1.0], [1.0, 2.0]]
    assert plain["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    _, packed = await ask(Engine(), {"input": "bc", "encoding_format": "base64"})
    assert struct.unpack("<2f", base64.b64decode(packed["data"][0]["embedding"])) == (1.0, 2.0)


async def test_passages_have_a_prefix_of_their_own() -> None:
    engine = Engine()
    await ask(engine, {"input": "a", "input_type": "passage"})
    await ask(engine, {"input": "a"})
    assert engine.calls == [("a", False), ("a", True)]


async def test_what_is_wrong_is_said_with_its_member() -> None:
    status, answer = await ask(Engine(), {"input": "a", "dimensions": 5})
    assert status == 400
    assert answer["error"]["param"] == "dimensions"


async def test_a_client_that_leaves_frees_the_engine() -> None:
    engine = Engine()
    engine.block = threading.Event()
    body = msgspec.json.encode({"input": ["a"] * 50})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    task = asyncio.create_task(Embeddings(engine, "e5")(says(part(body, False), {"type": "http.disconnect"}), send))
    await asyncio.sleep(0.05)
    engine.block.set()
    await asyncio.wait_for(task, 3)
    assert len(engine.calls) == 1
    assert sent == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"input":[]}', b'{"input":""}', b'{"input":[[1,2]]}', b'{"input":"a\\u0000b"}', b"\xff",
     b'{"input":"a","encoding_format":"hex"}', msgspec.json.encode({"input": ["a"] * (MAX_TEXTS + 1)}),
     msgspec.json.encode({"input": "a" * (MAX_CHARACTERS + 1)})],
)  # fmt: skip
def test_bounds(body: bytes) -> None:
    with pytest.raises(Wrong):
        parse(body, 2)
