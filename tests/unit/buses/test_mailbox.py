# SPDX-License-Identifier: Apache-2.0
"""A mailbox is bounded in messages and in bytes, and says so when it is full."""

from __future__ import annotations

import asyncio

import pytest

from answerable.buses.mailbox import HINT, Mailbox, Mailboxes, check_topic
from answerable.errors import Refused


async def drain(mailbox: Mailbox) -> list[bytes]:
    mailbox.close()
    return [data async for data in mailbox.read()]


async def test_messages_come_in_order() -> None:
    mailbox = Mailbox()
    mailbox.put(b"a")
    mailbox.put(b"b")
    assert await drain(mailbox) == [b"a", b"b"]


async def test_too_many_become_one_hint() -> None:
    mailbox = Mailbox(most=2)
    for data in (b"a", b"b", b"c", b"d"):
        mailbox.put(data)
    assert await drain(mailbox) == [HINT, b"d"]


async def test_too_much_becomes_one_hint() -> None:
    mailbox = Mailbox(largest=10)
    mailbox.put(b"12345")
    mailbox.put(b"1234567")
    assert await drain(mailbox) == [HINT]


async def test_a_hint_stands_for_all_that_waits() -> None:
    mailbox = Mailbox()
    mailbox.put(b"a")
    mailbox.put(HINT)
    assert await drain(mailbox) == [HINT]


async def test_a_waiting_reader_is_woken_and_ended() -> None:
    mailbox = Mailbox()
    reader = mailbox.read()
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    mailbox.put(b"a")
    assert await waiting == b"a"
    ending = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    mailbox.close()
    with pytest.raises(StopAsyncIteration):
        await ending


def test_a_topic_without_readers_is_forgotten() -> None:
    boxes = Mailboxes()
    one, other = boxes.add("a"), boxes.add("a")
    boxes.remove("a", one)
    assert boxes.topics == ["a"]
    boxes.remove("a", other)
    boxes.remove("a", other)
    assert boxes.topics == []


def test_topics_are_words_with_dots() -> None:
    check_topic("orders.0a_1")
    with pytest.raises(Refused):
        check_topic("orders.\n")
