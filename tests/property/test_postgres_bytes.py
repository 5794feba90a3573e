# SPDX-License-Identifier: Apache-2.0
"""Whatever a database or a configuration says: our errors alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answerable.errors import AnswerableError
from answerable.stores.postgres.address import parse
from answerable.stores.postgres.keyring import PENDING, Keyring
from answerable.stores.postgres.payloads import Row, opened
from answerable.stores.postgres.reads import LogReads
from answerable.stores.postgres.session import Session


def code_of(ask: Callable[[], object]) -> str:
    """Of the error of ours that it raises, "" for none; any other error ends the test."""
    try:
        ask()
    except AnswerableError as error:
        return error.code
    return ""


@given(st.text(max_size=80) | st.text(max_size=60).map(lambda rest: "postgresql://" + rest), st.text(max_size=50))
@example("postgresql://[", "answerable")
@example("postgresql://a@[::1/x", "answerable")
@example("postgresql://h:99999999/x", "answerable")
def test_any_address(url: str, schema: str) -> None:
    assert code_of(lambda: parse(url, schema=schema, environ={}).server) in ("", "config.value")


class Said:
    """A session over a database that says anything."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def rows(self, sql: str, *_: object) -> list[dict[str, Any]]:
        return self._rows

    def row(self, sql: str, *_: object) -> dict[str, Any] | None:
        if "FROM head" in sql:
            return {"size": 300, "root": b"", "note": b""}
        if "FROM tile" in sql:
            return None
        return self._rows[0] if self._rows else None


segments = st.lists(st.fixed_dictionaries({"first": st.integers(0, 300), "data": st.binary(max_size=200)}), max_size=5)


@given(segments, st.integers(-1, 400))
def test_any_segments(rows: list[dict[str, Any]], index: int) -> None:
    reads = LogReads(cast("Session", Said(rows)))
    for ask in (lambda: reads.leaf(index), lambda: reads.leaves(max(index, 0), 400), lambda: reads.tile(0, 0)):
        assert code_of(ask) in ("", "store.damaged", "store.absent")


@given(st.binary(max_size=200), st.binary(max_size=60), st.integers(0, 3))
def test_any_payload_row_and_any_note(
    tmp_path_factory: pytest.TempPathFactory, names: bytes, note: bytes, slot: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "keys"
    folder.mkdir(exist_ok=True)
    (folder / "7").write_bytes(b"k" * 70)
    (folder / PENDING).write_bytes(note)
    ring = Keyring(folder, bytes(32))
    for ask in (lambda: opened(ring, Row(0, 7, slot, names, b"")), ring.intended):
        assert code_of(ask) in ("", "store.damaged")
