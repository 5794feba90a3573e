# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2 as httpx
import pytest

from answerable.app.witnessing import serve
from answerable.errors import AnswerableError
from answerable.log.witness import write
from answerable.witness.files import Folder
from answerable.witness.witness import Witness
from tests.witnesses import LOG_KEYS, Growing


async def test_a_witness_answers_until_it_is_ended_and_lets_its_folder_go(tmp_path: Path) -> None:
    Folder.create(tmp_path / "w", "w1.invalid").watch(str(LOG_KEYS[0]))
    told: asyncio.Queue[tuple[str, Witness]] = asyncio.Queue()
    ended = asyncio.Event()

    async def announce(url: str, witness: Witness) -> None:
        await told.put((url, witness))

    task = asyncio.create_task(serve(tmp_path / "w", "127.0.0.1", 0, announce, ended))
    url, witness = await told.get()
    assert witness.keys.name == "w1.invalid"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(url + "/add-checkpoint", content=write(Growing().grow(3).request(0)))
    assert answer.status_code == 200
    with pytest.raises(AnswerableError, match=r"witness\.state"):
        await serve(tmp_path / "w", "127.0.0.1", 0, announce, ended)
    ended.set()
    await task
    Witness(Folder(tmp_path / "w"), lambda: 0).close()


@pytest.mark.parametrize(("host", "code"), [("0.0.0.0", "config.unsafe_bind"), ("127.0.0.1", "witness.missing")])
async def test_what_is_no_start(tmp_path: Path, host: str, code: str) -> None:
    if host == "0.0.0.0":
        Folder.create(tmp_path / "w", "w1.invalid")

    async def announce(_url: str, _witness: Witness) -> None:
        raise AssertionError("it answers")

    with pytest.raises(AnswerableError) as caught:
        await serve(tmp_path / "w", host, 0, announce, asyncio.Event())
    assert caught.value.code == code
