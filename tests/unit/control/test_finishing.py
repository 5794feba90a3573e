# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from answerable.control import finishing
from answerable.errors import Unavailable
from answerable.model.units import Space
from tests.unit.control.house import House
from tests.unit.control.privacy import erase, refused


def failed(house: House, said: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An action whose erasure is on record, and whose bytes stand."""
    record = house.act(said)

    async def full(leaves: Any) -> int:
        raise Unavailable("store.full")

    with monkeypatch.context() as patch:
        patch.setattr(house.core.ledger, "erase", full)
        with refused("privacy.unfinished"):
            erase(house, record, "officer-1", "officer-2")
    return record


def test_it_is_known_until_the_bytes_are_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    record = failed(house, "Waits for its end.", monkeypatch)
    (done,) = finishing.waiting(house.core.book)
    assert done.record == record
    found = house.post("/who", {"record": record, "texts": ["Waits for its end."]})
    assert found["content"] == "not_kept", "what is on record as erased is shown to nobody"
    assert house.run(finishing.finish(house.core.book, house.core.ledger, done)) == 2
    assert finishing.waiting(house.core.book) == []
    assert house.run(finishing.finish(house.core.book, house.core.ledger, done)) == 0


def test_it_is_tried_again_until_it_succeeds(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record = failed(house, "Tried again and again.", monkeypatch)
    monkeypatch.setattr(finishing, "RETRY_S", 0.01)
    real, tries = house.core.ledger.erase, []

    async def twice(leaves: Any) -> int:
        tries.append(leaves)
        if len(tries) < 3:
            raise Unavailable("store.failed", detail="EIO")
        return await real(leaves)

    monkeypatch.setattr(house.core.ledger, "erase", twice)

    async def run() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                task = asyncio.create_task(finishing.run(house.core.book, house.core.ledger))
                while house.core.book.raw(Space.ERASING, record) is not None:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                task.cancel()

    house.run(run())
    assert len(tries) == 3
    assert house.core.book.raw(Space.ERASING, record) is None
    assert "privacy.unfinished" in caplog.text
    assert f"the erasure of {record}, which had failed, is ended" in caplog.text
