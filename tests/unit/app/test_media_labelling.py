# SPDX-License-Identifier: Apache-2.0
"""Real processes that label real pictures and sound."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from answerable.app import media_labelling
from answerable.app.media_child import Order
from answerable.app.media_labelling import ChildLabeller
from answerable.errors import Refused, Unavailable
from answerable.labels import read_label
from answerable.marks.aigc import generated
from answerable.model.labels import Label, Place
from tests.media_upstream import bomb, drawn

RID = "ab" * 16
PROVIDER = "001191350100M000100Y431ABCD"
LABEL = Label("AI-generated", Place.TEXT, generated(PROVIDER, RID), RID, "s" * 32, "p" * 32, "en", seen=True)


@pytest.fixture
async def labeller(tmp_path: Path) -> AsyncIterator[ChildLabeller]:
    (tmp_path / "keys").mkdir(mode=0o700)
    made = ChildLabeller(Order(provider=PROVIDER, parent=os.getpid(), store=str(tmp_path), watermark=True))
    yield made
    await made.close()


async def test_a_picture_is_labelled_in_a_process_of_its_own(labeller: ChildLabeller) -> None:
    made = await labeller.label(drawn("a hill"), LABEL)
    assert (made.media, made.layers) == ("image/png", ("aigc", "explicit", "watermark"))
    found = read_label(made.data)
    assert (found.verdict, found.record) == ("labelled", RID)
    assert found.aigc is not None
    assert found.aigc.reserved_code1
    assert made.prints
    assert made.content
    # The same process goes on after what it refused.
    with pytest.raises(Refused) as caught:
        await labeller.label(bomb(), LABEL)
    assert caught.value.code == "label.media"
    (process,) = labeller._free
    again = await labeller.label(drawn("another"), LABEL)
    assert labeller._free == [process]
    assert again.digest != made.digest


async def test_a_process_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    made = ChildLabeller(Order(provider=PROVIDER, parent=os.getpid()), within_s=0.05)
    with pytest.raises(Refused) as caught:
        await made.label(drawn("a hill"), LABEL)
    assert caught.value.code == "label.media"
    assert made._free == []


async def test_work_that_nobody_waits_for_any_more_ends(labeller: ChildLabeller) -> None:
    task = asyncio.create_task(labeller.label(drawn("a hill", 2048), LABEL))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert labeller._free == []


async def test_a_process_that_dies_is_no_label(labeller: ChildLabeller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_labelling, "_COMMAND", ("/bin/true",))
    with pytest.raises(Unavailable) as caught:
        await labeller.label(drawn("a hill"), LABEL)
    assert caught.value.code == "label.worker"


async def test_a_key_that_cannot_be_pinned_labels_nothing(tmp_path: Path) -> None:
    async def pin() -> None:
        raise Refused("party.key_taken")

    made = ChildLabeller(Order(provider=PROVIDER, parent=os.getpid()), pin)
    with pytest.raises(Refused) as caught:
        await made.label(drawn("a hill"), LABEL)
    assert caught.value.code == "party.key_taken"


async def test_what_is_a_medium_is_seen_by_its_content() -> None:
    made = ChildLabeller(Order(provider=PROVIDER, parent=os.getpid()))
    assert made.kind(drawn("a"), must=False) == "png"
    assert made.kind(b"%PDF-1.7", must=False) == "pdf"
    assert made.kind(b"<html>", must=True) == ""
    frame = b"\xff\xfb\x90\x64" + bytes(413)
    assert made.kind(frame * 4, must=True) == "mp3"
    assert made.kind(frame * 4, must=False) == "", "a few bytes are that by chance"
