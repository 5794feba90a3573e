# SPDX-License-Identifier: Apache-2.0
"""One suite over every adapter of `ports.Store` and `ports.StoreView`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from answerable.crypto.random import salt
from answerable.log.leaf import rid
from answerable.model.prints import Kind, Print
from answerable.model.units import Drop, Payload, Put, Space, Unit
from answerable.ports import Store
from tests.ledger import (
    DAY_MS,
    EMPTY,
    append,
    closing,
    leaf,
    opening,
    recomputed,
    store_of,
    unavailable,
)


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = store_of(request, tmp_path)
    yield made
    made.close()


def test_an_empty_store(store: Store) -> None:
    assert store.head() == (0, EMPTY)
    assert store.checkpoint() == b""
    assert store.tile(0, 0) == b""
    assert store.leaves(0, 10) == []
    assert list(store.rows(Space.OPENS)) == []
    with unavailable("store.absent"):
        store.leaf(0)


def test_leaves_tiles_head_and_checkpoint_come_back(store: Store) -> None:
    first = [leaf() for _ in range(300)]
    second = [leaf() for _ in range(3)]
    append(store, Unit(leaves=tuple(first)))
    append(store, Unit(leaves=tuple(second)))
    assert store.leaves(0, 1000) == first + second
    assert store.leaves(299, 301) == [first[299], second[0]]
    assert store.leaf(302) == second[2]
    assert store.head() == recomputed(store)
    assert len(store.tile(0, 0)) == 256 * 32
    assert len(store.tile(0, 1)) == 47 * 32
    assert len(store.tile(1, 0)) == 32
    assert store.checkpoint().startswith(b"test.invalid/log\n303\n")
    for index in (303, -1):
        with unavailable("store.absent"):
            store.leaf(index)


def test_an_append_to_another_head_writes_nothing(store: Store) -> None:
    append(store, Unit(leaves=(leaf(),)))
    head = store.head()
    unit = Unit(leaves=(leaf(),), effects=(Put(Space.MISC, "a", b"1"),))
    for first, expect in ((1, (1, b"\x00" * 32)), (0, (0, EMPTY)), (2, head)):
        with unavailable("store.forked"):
            store.append(first, list(unit.leaves), {}, b"note", expect, b"\x11" * 32, [unit])
    assert store.head() == head
    assert list(store.rows(Space.MISC)) == []
    append(store, Unit(leaves=(leaf(),)))
    assert store.head()[0] == 2


def test_effects_apply_in_order_across_many_batches(store: Store) -> None:
    expected = {}
    for number in range(150):  # more than one fold
        key = f"k{number % 7}"
        effects = (Put(Space.MISC, key, b"%d" % number), Put(Space.STOPS, "same", b"%d" % number))
        if number % 5 == 0:
            effects += (Drop(Space.MISC, key),)
        expected[key] = b"%d" % number
        if number % 5 == 0:
            del expected[key]
        append(store, Unit(leaves=(leaf(),), effects=effects))
    assert dict(store.rows(Space.MISC)) == expected
    assert dict(store.rows(Space.STOPS)) == {"same": b"149"}
    store.reopen()
    assert dict(store.rows(Space.MISC)) == expected


def test_opens_that_close_leave_no_row(store: Store) -> None:
    left = set()
    for number in range(200):
        unit, its = opening()
        append(store, unit)
        if number % 10:
            append(store, closing(its))
        else:
            left.add(its)
    assert {key for key, _ in store.rows(Space.OPENS)} == left
    for its in left:
        append(store, closing(its))
    assert list(store.rows(Space.OPENS)) == []
    store.reopen()
    assert list(store.rows(Space.OPENS)) == []


def test_a_unit_without_leaves_changes_the_state_alone(store: Store) -> None:
    append(store, Unit(leaves=(leaf(),)))
    head, note = store.head(), store.checkpoint()
    store.append(1, [], {}, note, head, head[1], [Unit(effects=(Put(Space.MISC, "domain", b"d"),))])
    assert store.head() == head
    assert dict(store.rows(Space.MISC)) == {"domain": b"d"}
    append(store, Unit(leaves=(leaf(),)))
    assert store.head() == recomputed(store)


def test_a_value_of_any_bytes_and_a_key_of_any_text(store: Store) -> None:
    append(store, Unit(leaves=(leaf(),), effects=(Put(Space.MISC, "键 \x00'\"", b"\x00\xff\n"),)))
    store.reopen()
    assert dict(store.rows(Space.MISC)) == {"键 \x00'\"": b"\x00\xff\n"}


def test_views_find_records_closes_tags_and_payloads(store: Store) -> None:
    view = store.view()
    assert view.head() == (0, EMPTY)
    unit, its = opening(body=b"a question")
    append(store, Unit(leaves=(leaf(), leaf())), unit)
    close = closing(its, tag=b"T" * 16)
    append(store, close)
    close_rid = rid(close.leaves[0])
    assert view.find(its) == 2
    assert view.leaf(2) == unit.leaves[0]
    assert view.close_of(its) == close_rid
    assert view.close_of(close_rid) is None
    assert view.find("a" * 32) is None
    assert view.by_tag(b"T" * 16) == [close_rid]
    assert view.by_tag(b"U" * 16) == []
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"a question")
    assert view.payload(its, "out") is None
    assert view.payload("a" * 32, "in") is None
    assert view.head() == store.head()
    assert view.checkpoint() == store.checkpoint()
    assert view.tile(0, 0) == store.tile(0, 0)
    assert view.leaves(1, 3) == store.leaves(1, 3)
    later, its_later = opening()
    append(store, later)
    assert view.find(its_later) == 4  # committed after the view was made
    view.close()


def test_payloads_expire_and_lasting_ones_stay(store: Store) -> None:
    unit, its = opening(body=b"goes")
    name = Payload(its, "name", salt(), b"stays")
    append(store, replace(unit, payloads=(*unit.payloads, name)), expires=10 * DAY_MS)
    other, its_other = opening(body=b"goes later")
    append(store, other, expires=20 * DAY_MS)
    while store.sweep(9 * DAY_MS):
        pass
    view = store.view()
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"goes")
    assert store.sweep(12 * DAY_MS) > 0
    while store.sweep(12 * DAY_MS):
        pass
    assert view.payload(its, "in") is None
    assert view.payload(its, "name") == (name.salt, b"stays")
    assert view.payload(its_other, "in") == (other.payloads[0].salt, b"goes later")
    assert view.find(its) == 0  # the record stays
    view.close()


def test_a_tag_goes_with_its_payload(store: Store) -> None:
    unit, its = opening()
    append(store, unit, expires=10 * DAY_MS)
    append(store, closing(its, tag=b"T" * 16), expires=10 * DAY_MS)
    view = store.view()
    assert len(view.by_tag(b"T" * 16)) == 1
    while store.sweep(12 * DAY_MS):
        pass
    for _ in range(2):  # found by nobody before its tag is out of every file, and after
        assert view.by_tag(b"T" * 16) == []
        store.tidy()
    view.close()


def _printed(its: str, *tags: bytes) -> tuple[Unit, str]:
    close = closing(its)
    return replace(close, payloads=(replace(close.payloads[0], tags=tags),)), rid(close.leaves[0])


def _image(word: int, *more: int) -> Print:
    return Print(Kind.IMAGE, 1, (word, *more))


def test_what_is_near_is_found_the_nearest_first(store: Store) -> None:
    _, its = opening()
    words = (0xFFFF_0000_1234_5678, 0x8000_0000_0000_0001, 0)
    stored = [_image(words[0]), _image(words[0] ^ 0x8000_0000_0000_0111), _image(words[1])]
    units, rids = zip(*(_printed(its, b"T" * 16, each.tag()) for each in stored), strict=True)
    other, _ = _printed(its, Print(Kind.AUDIO, 1, words[:1]).tag(), Print(Kind.IMAGE, 2, words[:1]).tag())
    longer, _ = _printed(its, _image(words[0], 7).tag())
    append(store, *units[:2])
    append(store, units[2], other, longer)
    view = store.view()
    assert view.near(_image(words[0])) == [(rids[0], stored[0]), (rids[1], stored[1])]
    assert view.near(_image(words[0] ^ 0x0F)) == [(rids[0], stored[0])]  # the other lies 8 away
    assert view.near(_image(words[0] ^ 0x1F)) == []
    assert view.near(_image(words[1] ^ (1 << 63))) == [(rids[2], stored[2])]
    assert view.near(_image(words[2])) == [(rids[2], stored[2])]
    assert view.tags(rids[0]) == [b"T" * 16, stored[0].tag()]
    assert view.tags("a" * 32) == []
    view.close()


def test_those_that_share_the_most_tags_come_first(store: Store) -> None:
    _, its = opening()
    all_tags = [bytes([number]) * 16 for number in range(6)]
    (half, half_rid), (most, most_rid), (one, _) = (
        _printed(its, *tags) for tags in (all_tags[:3], all_tags[:5], all_tags[5:])
    )
    append(store, most, one)
    append(store, half)
    view = store.view()
    assert view.alike(all_tags, 2) == [(most_rid, 5), (half_rid, 3)]
    assert view.alike(all_tags[:3] * 2, 3) == [(half_rid, 3), (most_rid, 3)]  # the newest
    assert view.alike(all_tags, 6) == view.alike([], 1) == []
    view.close()


def test_tags_that_are_made_of_what_is_kept_go_with_it(store: Store) -> None:
    unit, its = opening(body=b"said")
    other, its_other = opening(body=b"said too")
    append(store, unit, other)
    view = store.view(lambda group, body: (body[:4].ljust(12, b"\x00"),) if group == "in" and body else ())
    made = b"said".ljust(12, b"\x00")
    assert set(view.by_tag(made)) == {its, its_other}
    assert view.tags(its) == [made]
    plain = store.view()
    assert plain.tags(its) == []
    plain.close()
    assert store.erase([(0, its)]) == 1
    for _ in range(2):
        assert (view.by_tag(made), view.tags(its)) == ([its_other], [])
        store.tidy([its])
    view.close()


@pytest.mark.parametrize("by", ["erasure", "expiry"])
def test_a_fingerprint_goes_with_its_payload(store: Store, by: str) -> None:
    _, its = opening()
    gone, stays = _image(0x0123_4567_89AB_CDEF, 1, 2), _image(0x0123_4567_89AB_CDEE, 3, 4)
    first, its_first = _printed(its, gone.tag(), b"T" * 16)
    second, its_second = _printed(its, stays.tag())
    append(store, first, expires=10 * DAY_MS)
    append(store, second, expires=90 * DAY_MS)
    view = store.view()
    assert [found for found, _ in view.near(gone)] == [its_first, its_second]
    if by == "erasure":
        assert store.erase([(0, its_first)]) == 1
    else:
        while store.sweep(12 * DAY_MS):
            pass
    for _ in range(2):  # found by nobody before it is out of every file, and after
        assert view.near(gone) == [(its_second, stays)]
        assert view.alike([b"T" * 16], 1) == view.tags(its_first) == []
        store.tidy([its_first] if by == "erasure" else [])
    if (folder := getattr(store, "path", None)) is not None:
        files = b"".join(path.read_bytes() for path in folder.glob("tags.db*"))
        assert stays.tag() in files
        assert gone.tag() not in files
        assert (gone.words[0]).to_bytes(8) not in files
    view.close()


def test_a_payload_may_have_an_expiry_of_its_own(store: Store) -> None:
    unit, its = opening(body=b"the default")
    sooner, its_sooner = opening()
    later, its_later = opening()
    sooner = replace(sooner, payloads=(replace(sooner.payloads[0], expires=5 * DAY_MS),))
    later = replace(later, payloads=(replace(later.payloads[0], expires=30 * DAY_MS),))
    append(store, unit, sooner, later, expires=10 * DAY_MS)
    view = store.view()
    for today, left in ((4, 3), (7, 2), (12, 1), (32, 0)):
        while store.sweep(today * DAY_MS):
            pass
        assert sum(view.payload(each, "in") is not None for each in (its, its_sooner, its_later)) == left
    view.close()


def test_what_is_held_outlives_its_day_and_goes_after(store: Store) -> None:
    units, rids = zip(*(opening(body=b"body %d" % number) for number in range(4)), strict=True)
    append(store, *units[:2], expires=10 * DAY_MS)
    close = closing(rids[1])
    append(store, close, expires=10 * DAY_MS)
    append(store, *units[2:], expires=11 * DAY_MS)
    held = {rids[1], rid(close.leaves[0]), rids[2]}
    view = store.view()

    def sweep(day: int) -> list[bool]:
        while store.sweep(day * DAY_MS, held.__contains__):
            pass
        return [view.payload(each, "in") is not None for each in rids]

    assert sweep(9) == [True] * 4
    assert sweep(15) == [False, True, True, False]
    assert sweep(16) == [False, True, True, False]
    assert view.by_tag(b"t" * 16) == [rid(close.leaves[0])]
    store.reopen()
    assert sweep(16) == [False, True, True, False]
    assert view.payload(rids[1], "in") == (units[1].payloads[0].salt, b"body 1")
    assert store.erase([(2, rid(close.leaves[0]))]) == 1  # a hold is the caller's question
    held.discard(rids[1])
    assert sweep(17) == [False, False, True, False]
    held.clear()
    assert sweep(17) == [False] * 4
    assert store.sweep(17 * DAY_MS) == 0
    view.close()


def test_what_is_erased_is_gone_and_all_else_stays(store: Store) -> None:
    unit, its = opening(body=b"erased")
    both = replace(unit, payloads=(*unit.payloads, Payload(its, "pri", salt(), b"who", (b"P" * 16,))))
    other, its_other = opening(body=b"stays")
    append(store, both, other)
    close = closing(its, tag=b"T" * 16)
    append(store, close, closing(its_other, tag=b"T" * 16))
    its_close = rid(close.leaves[0])
    view = store.view()
    assert view.by_tag(b"P" * 16) == [its]
    leaves, head = store.leaves(0, 9), store.head()
    erased = [(0, its), (2, its_close)]
    assert store.erase(erased) == 3
    for _ in range(2):
        assert view.payload(its, "in") is view.payload(its, "pri") is view.payload(its_close, "out") is None
        assert view.by_tag(b"P" * 16) == []
        assert len(view.by_tag(b"T" * 16)) == 1
        assert view.payload(its_other, "in") == (other.payloads[0].salt, b"stays")
        assert (store.leaves(0, 9), store.head()) == (leaves, head)
        assert view.find(its) == 0
        assert store.erase(erased) == 0
        store.tidy([rid for _, rid in erased])
        store.reopen()
    append(store, opening()[0])  # it goes on as before
    view.close()


def test_what_is_kept_is_counted_by_its_day(store: Store) -> None:
    unit, its = opening(body=b"0123456789")
    other, its_other = opening()
    lasting = Payload(its, "name", salt(), b"stays")
    append(store, replace(unit, payloads=(*unit.payloads, lasting)), other, expires=10 * DAY_MS)
    append(store, replace(opening()[0], payloads=(Payload(its, "in", salt(), b"x", (), 5 * DAY_MS),)))
    view = store.view()
    assert [(day, count) for day, count, _ in view.kept()] == [(0, 1), (5, 1), (10, 2)]
    assert all(size > 0 for _, _, size in view.kept())
    store.erase([(1, its_other)])
    assert [(day, count) for day, count, _ in view.kept()] == [(0, 1), (5, 1), (10, 1)]
    view.close()


def test_erasing_what_has_no_payload_or_is_no_leaf(store: Store) -> None:
    append(store, Unit(leaves=(leaf(),)))
    assert store.erase([(0, rid(store.leaf(0)))]) == 0
    assert store.erase([]) == 0


def test_salts_alone_where_bodies_are_not_kept(store: Store) -> None:
    unit, its = opening(body=b"not kept")
    name = Payload(its, "name", salt(), b"kept")
    append(store, replace(unit, payloads=(*unit.payloads, name)), bodies=False)
    view = store.view()
    assert view.payload(its, "in") == (unit.payloads[0].salt, None)
    assert view.payload(its, "name") == (name.salt, b"kept")
    view.close()


def test_payloads_of_a_batch_that_was_never_written_are_not_found(store: Store) -> None:
    append(store, Unit(leaves=(leaf(),)))
    orphan, its = opening(body=b"orphan")
    store.put_payloads([orphan], 10 * DAY_MS)
    store.reopen()
    while store.sweep(DAY_MS):
        pass
    unit, its_next = opening(body=b"next")
    append(store, unit, expires=10 * DAY_MS)
    view = store.view()
    assert view.payload(its, "in") is None
    assert view.payload(its_next, "in") == (unit.payloads[0].salt, b"next")
    view.close()


def test_a_view_shows_the_whole_state_of_one_instant(store: Store) -> None:
    view = store.view()
    expected = {}
    for number in range(70):  # more than one fold
        unit, its = opening()
        append(store, unit, Unit(leaves=(leaf(),), effects=(Put(Space.MISC, f"k{number % 9}", b"%d" % number),)))
        expected[f"k{number % 9}"] = b"%d" % number
        if number:
            append(store, closing(its))
        size, rows = view.state()
        assert size == store.head()[0]
        assert rows[Space.MISC] == expected == dict(store.rows(Space.MISC))
        assert rows[Space.OPENS] == dict(store.rows(Space.OPENS))
    assert len(rows[Space.OPENS]) == 1
    assert view.integrity() == []
    view.close()
