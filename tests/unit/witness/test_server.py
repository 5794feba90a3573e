# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest
import pytest_asyncio

from answerable.errors import Unavailable
from answerable.log import note as notes
from answerable.log.witness import MAX_REQUEST, SIZE_TYPE, Request, origin_hash, write
from answerable.net.bind import tcp
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.witness import server as module
from answerable.witness.files import Folder
from answerable.witness.server import WitnessApp
from answerable.witness.witness import Witness
from tests.ledger import ORIGIN
from tests.witnesses import LOG_KEYS, Growing, head_note

READ = f"/{origin_hash(ORIGIN)}/checkpoint"


class House:
    """A witness that listens, and a client."""

    def __init__(self, path: Path) -> None:
        folder = Folder.create(path / "w", "w1.invalid")
        for key in LOG_KEYS:
            folder.watch(str(key))
        self.witness = Witness(folder, lambda: 1_763_782_764_123)
        self.app = WitnessApp(self.witness)
        self.listener = Listener(asgi(self.app), tcp("127.0.0.1", 0, tls=False), grace=1)

    async def start(self) -> None:
        await self.listener.start()
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.listener.port}", trust_env=False)

    async def close(self) -> None:
        await self.client.aclose()
        await self.listener.close()
        await self.app.close()

    async def add(self, request: Request | bytes) -> httpx.Response:
        data = request if isinstance(request, bytes) else write(request)
        return await self.client.post("/add-checkpoint", content=data)


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.start()
    yield made
    await made.close()


async def test_a_checkpoint_is_cosigned_and_served(house: House) -> None:
    assert (await house.client.get(READ)).status_code == 404
    log = Growing().grow(5)
    answer = await house.add(log.request(0))
    assert answer.status_code == 200
    lines = notes.Note(log.head.text, notes.signatures(answer.text))
    assert notes.verified(lines, house.witness.keys.verifiers) == house.witness.keys.verifiers
    served = await house.client.get(READ)
    assert served.status_code == 200
    assert notes.parse(served.content).signatures[-2:] == lines.signatures


async def test_each_refusal_has_the_status_of_the_specification(house: House) -> None:
    log = Growing().grow(5)
    await house.add(log.request(0))
    fork = Growing("other").grow(9, shared=4)
    stranger = notes.sign("other.invalid\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "other.invalid", _key())
    for request, status in (
        (b"rubbish", 400),
        (Request(6, (), log.note), 400),
        (Request(5, (), head_note(5).replace(b"\n5\n", b"\n6\n")), 403),
        (Request(0, (), stranger), 404),
        (Request(0, (), log.note), 409),
        (fork.request(5), 422),
    ):
        assert (await house.add(request)).status_code == status


def _key() -> object:
    from answerable.crypto.ed25519 import Key

    return Key.from_seed(b"\x09" * 32)


async def test_a_conflict_tells_the_size_in_a_type_of_its_own(house: House) -> None:
    log = Growing().grow(5)
    await house.add(log.request(0))
    answer = await house.add(Growing().grow(9).request(4))
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (409, SIZE_TYPE, "5\n")
    assert (await house.add(Growing().grow(9).request(5))).status_code == 200


async def test_requests_take_their_turn(house: House) -> None:
    """The race of the specification: what was checked against an older state is not taken over a newer one."""
    sizes = [await house.add(Growing().grow(n).request(0)) for n in (1,)]
    answers = await asyncio.gather(*(house.add(Growing().grow(n).request(1)) for n in range(2, 12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert (sizes[0].status_code, statuses) == (200, [200] + [409] * 9)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("POST", READ, 405),
        ("GET", "/", 404),
        ("POST", "/sign-subtree", 404),
        ("GET", READ.upper(), 404),
        ("GET", "/../keys/witness.key", 404),
    ],
)
async def test_other_paths_and_methods(house: House, method: str, path: str, status: int) -> None:
    assert (await house.client.request(method, path)).status_code == status


async def test_pages_in_browsers_are_refused(house: House) -> None:
    data = write(Growing().grow(1).request(0))
    for headers, status in (({"origin": "https://evil.example"}, 403), ({"host": "evil.example"}, 421)):
        assert (await house.client.post("/add-checkpoint", content=data, headers=headers)).status_code == status
    assert house.witness.checkpoint(origin_hash(ORIGIN)) is None


async def test_a_body_has_a_bound(house: House) -> None:
    assert (await house.add(b"old 0\n\n" + b"x" * MAX_REQUEST)).status_code == 413


async def test_not_everybody_may_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 0)
    assert (await house.add(Growing().grow(1).request(0))).status_code == 503


async def test_who_sends_slowly_keeps_nobody_waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 1)
    ended = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"old 0\n"
        await ended.wait()

    slow = [asyncio.create_task(house.client.post("/add-checkpoint", content=slowly())) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert (await house.add(Growing().grow(1).request(0))).status_code == 200
    monkeypatch.setattr(module, "MAX_COMING", 3)
    assert (await house.add(Growing().grow(2).request(1))).status_code == 503
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    ended.set()
    assert [answer.status_code for answer in await asyncio.gather(*slow)] == [400] * 3


async def test_a_disk_that_is_full_signs_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_data: bytes) -> None:
        raise Unavailable("witness.state", path="seen", detail="no space left on device")

    monkeypatch.setattr(house.witness, "add", full)
    answer = await house.add(b"anything")
    assert (answer.status_code, "witness.state" in answer.text) == (503, True)


async def test_a_defect_signs_nothing_and_quotes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(_data: bytes) -> None:
        raise ValueError("secret")

    monkeypatch.setattr(house.witness, "add", defect)
    answer = await house.add(b"anything")
    assert (answer.status_code, answer.text) == (500, "ValueError\n")
