# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.model.units import Payload, Unit
from answerable.stores import payload_reads
from answerable.stores.days import DAY_MS
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.payloads import PayloadWriter

KEY = bytes(range(32))
RID = "a" * 32


@pytest.fixture
def places(tmp_path: Path) -> bytes:
    writer = PayloadWriter(tmp_path, KEY, 0)
    made = writer.put(
        0, [Unit(payloads=(Payload(RID, "in", b"s" * 32, b"body", (b"T" * 16,)),))], 5 * DAY_MS, bodies=True
    )
    writer.close()
    return made


def test_a_record_that_is_just_being_erased_is_read_again(
    tmp_path: Path, places: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = payload_reads.open_names
    torn = [True, True]

    def once_torn(*arguments: object) -> object:
        if torn:
            torn.pop()
            raise Unavailable("store.damaged", detail="torn")
        return opened(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(payload_reads, "open_names", once_torn)
    assert PayloadReads(tmp_path, KEY).get(places, 0, RID, "in") == (b"s" * 32, b"body")
    torn[:] = [True] * 9
    with pytest.raises(Unavailable):
        PayloadReads(tmp_path, KEY).get(places, 0, RID, "in")


def test_what_is_erased_is_not_there(tmp_path: Path, places: bytes) -> None:
    reads = PayloadReads(tmp_path, KEY)
    assert list(reads.tags(places, 0)) == [(b"T" * 16, RID, 5)]
    PayloadWriter(tmp_path, KEY, 1).erase(places, 0, [RID])
    assert reads.get(places, 0, RID, "in") is None
    assert list(reads.tags(places, 0)) == []


def test_what_expired_is_not_there(tmp_path: Path, places: bytes) -> None:
    next(iter(tmp_path.iterdir())).unlink()
    assert PayloadReads(tmp_path, KEY).get(places, 0, RID, "in") is None
