# SPDX-License-Identifier: Apache-2.0
"""What lies on the disk may hold anything: our errors alone come out of reading it."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from struct import pack as struct_pack

from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Unavailable
from answerable.model.units import Payload, Unit
from answerable.sequencer.guard import Guard
from answerable.stores.days import DAY_MS
from answerable.stores.index import Index
from answerable.stores.journal import Journal
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.payloads import PayloadWriter
from tests.ledger import ORIGIN, append, leaf, sqlite_store

KEY = bytes(32)


@given(st.binary(max_size=300))
def test_effects(data: bytes) -> None:
    with contextlib.suppress(Unavailable):
        Journal().load(data)


@given(st.binary(max_size=9000), st.binary(max_size=300))
def test_a_guard(head: bytes, published: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        Guard.create(Path(name), ORIGIN).close()
        (Path(name) / "head").write_bytes(head)
        (Path(name) / "published").write_bytes(published)
        with contextlib.suppress(Unavailable):
            Guard.open(name, ORIGIN).close()


HEADS = st.builds(
    lambda first, names, body, rest: struct_pack(">8sQII", b"answpay1", first, names, body) + rest,
    st.integers(0, 3),
    st.one_of(st.integers(0, 200), st.integers(0, 2**32 - 1)),
    st.one_of(st.integers(0, 200), st.integers(0, 2**32 - 1)),
    st.binary(max_size=300),
)


@given(st.one_of(st.binary(max_size=300), HEADS), st.binary(max_size=40))
def test_a_payload_file_and_a_place_in_it(data: bytes, places: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "5-1").write_bytes(data)
        reads = PayloadReads(folder, KEY)
        with contextlib.suppress(Unavailable):
            reads.get(struct_pack(">IIQ", 5, 1, 0), 0, "a" * 32, "in")
        with contextlib.suppress(Unavailable):
            reads.get(places, 0, "a" * 32, "in")
        writer = PayloadWriter(folder, KEY, 2)  # cuts off what is not whole
        mine = writer.put(2, [Unit(payloads=(Payload("a" * 32, "in", b"s" * 32, b"body"),))], 5 * DAY_MS, bodies=True)
        writer.close()
        assert reads.get(mine, 2, "a" * 32, "in") == (b"s" * 32, b"body")


@given(st.binary(max_size=200))
def test_a_segment(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        store = sqlite_store(Path(name))
        append(store, Unit(leaves=(leaf(),)))
        store._database.execute("UPDATE segment SET data = ?, places = ?", (data, data))
        with contextlib.suppress(AnswerableError):
            store.leaf(0)
        with contextlib.suppress(AnswerableError):
            store.leaves(0, 5)
        store.close()


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=60), st.just(b'{"k":"close","open":"o"}')), max_size=20))
def test_leaves_of_any_kind_are_indexed(leaves: list[bytes]) -> None:
    class Source:
        def head(self) -> tuple[int, bytes]:
            return len(leaves), b""

        def leaf(self, index: int) -> bytes:
            return leaves[index]

        def leaves(self, start: int, end: int) -> list[bytes]:
            return leaves[start:end]

        def tags(self, start: int, end: int) -> list[tuple[bytes, str]]:
            return []

    index = Index(None, Source())
    assert index.find("b" * 32) is None
    index.close()
