# SPDX-License-Identifier: Apache-2.0
"""What a board says to whoever asks what changed since."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from answerable.admission.orders import Told
from answerable.relay import board as module
from answerable.relay.board import Board
from tests.small_orders import told


def said(board: Board, since: int = 0, most: int = module.PAGE) -> tuple[int, bool, list[bytes]]:
    page = msgspec.json.decode(msgspec.json.encode(board.since(since, most)), type=module.Page)
    return page.epoch, page.more, [bytes(each) for each in page.orders]


def numbered(*numbers: int) -> tuple[Board, dict[int, Told]]:
    board, all_of_them = Board(max(numbers)), {number: told(number) for number in numbers}
    for each in all_of_them.values():
        assert board.put(each)
    return board, all_of_them


def test_what_changed_since_oldest_first_and_byte_for_byte() -> None:
    board, orders = numbered(3, 1, 2)
    assert said(board) == (3, False, [orders[n].data for n in (1, 2, 3)])
    assert said(board, 2) == (3, False, [orders[3].data])
    assert said(board, 3) == (3, False, [])
    assert said(board, 99) == (3, False, [])
    assert len(board) == 3


def test_what_is_known_is_no_news() -> None:
    board, orders = numbered(1, 2)
    assert not board.put(orders[1])
    assert len(board) == 2


def test_a_release_takes_the_place_of_its_order() -> None:
    board, orders = numbered(1, 2)
    released = told(1, changed=3)
    assert released.stop.rid == orders[1].stop.rid
    assert board.put(released)
    board.epoch = 3
    assert said(board, 1) == (3, False, [orders[2].data, released.data])
    assert not board.put(orders[1])


def test_pages_are_bounded_and_followed_to_the_end() -> None:
    board, orders = numbered(1, 2, 3, 4, 5)
    most = 2 * max(len(each.data) for each in orders.values())
    since, heard, pages = 0, [], 0
    while True:
        epoch, more, found = said(board, since, most)
        heard += found
        pages += 1
        assert len(found) <= 2
        if not more:
            break
        assert epoch > since
        since = epoch
    assert heard == [orders[n].data for n in range(1, 6)]
    assert (pages, epoch) == (3, 5)


def test_an_order_larger_than_a_page_is_a_page_of_its_own() -> None:
    board, orders = numbered(1, 2)
    assert said(board, 0, 1) == (1, True, [orders[1].data])
    assert said(board, 1, 1) == (2, False, [orders[2].data])


def test_an_order_past_the_registry_is_told_to_everyone_until_it_has_a_number() -> None:
    board, orders = numbered(1)
    direct = told(0)
    assert board.put(direct)
    assert not board.put(direct)
    assert said(board, 1) == (1, False, [direct.data])
    assert said(board, 0) == (1, False, [direct.data, orders[1].data])


def test_orders_past_the_registry_are_bounded(monkeypatch: object) -> None:
    board = Board()
    for _ in range(module.MOST_DIRECT):
        assert board.put(told(0))
    assert not board.put(told(0))


def test_what_is_added_to_an_order_past_the_registry_is_news() -> None:
    board = Board()
    direct = told(0)
    assert board.put(direct)
    signed = replace(direct, data=told(0).data)  # in truth the same with a second signature, or its release
    assert board.put(signed)
    assert not board.put(signed)
    assert said(board, 0) == (0, False, [signed.data])


def test_an_officer_who_fills_it_keeps_no_authority_out() -> None:
    board = Board()
    officers = [told(0) for _ in range(module.MOST_DIRECT)]
    assert all(board.put(each) for each in officers)
    theirs = [replace(told(0), authority=True) for _ in range(3)]
    assert all(board.put(each) for each in theirs)
    assert not board.put(told(0))
    assert len(board) == module.MOST_DIRECT
    assert set(said(board)[2]) == {each.data for each in (*officers[3:], *theirs)}
    for _ in range(module.MOST_DIRECT - 3):
        assert board.put(replace(told(0), authority=True))
    assert not board.put(replace(told(0), authority=True)), "theirs are bounded too"


def test_what_is_past_the_registry_never_makes_an_answer_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = told(0), told(0)
    monkeypatch.setattr(module, "DIRECT_BYTES", 3 * len(first.data))
    board = Board()
    assert board.put(first)
    assert board.put(second)
    longer = replace(first, data=first.data * 3)
    assert not board.put(longer), "it stays as it was"
    assert said(board)[2] in ([first.data, second.data], [second.data, first.data])
    assert board.put(replace(first, data=first.data + b" "))
    assert board.put(replace(told(0), authority=True))
    assert not board.put(told(0))
    assert sum(map(len, said(board)[2])) <= 3 * len(first.data)


def test_what_a_warrant_needs_beside_it_is_whole_or_not_there() -> None:
    board, orders = numbered(1, 2, 3)
    assert board.after(1) == (orders[2].data, orders[3].data)
    assert board.after(3) == ()
    assert board.after(0, len(orders[1].data)) == ()
