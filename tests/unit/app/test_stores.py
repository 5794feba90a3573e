# SPDX-License-Identifier: Apache-2.0
"""Which store the configuration means."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app.core import open_core
from answerable.app.stores import address, create_store, open_log, open_store, open_view, probe
from answerable.errors import AnswerableError
from answerable.model.units import Unit
from answerable.stores.postgres.store import PostgresStore
from answerable.stores.sqlite import SqliteStore
from tests.ledger import PAYLOAD_KEY, append, leaf, unavailable
from tests.postgres import Server
from tests.unit.app.small_store import config, made


def test_a_folder_without_more(tmp_path: Path) -> None:
    its = config(tmp_path)
    assert address(its) is None
    probe(its)
    with unavailable("store.missing"):
        open_store(its, PAYLOAD_KEY)
    with unavailable("store.missing"):
        open_view(its, PAYLOAD_KEY)
    with unavailable("store.missing"):
        open_log(its)
    store = create_store(its, PAYLOAD_KEY)
    assert isinstance(store, SqliteStore)
    store.close()


def test_a_database(tmp_path: Path, postgres: Server) -> None:
    its = config(tmp_path, store__url=postgres.url(postgres.database()), store__schema="ledger")
    probe(its)
    store = create_store(its, PAYLOAD_KEY)
    assert isinstance(store, PostgresStore)
    append(store, Unit(leaves=(leaf(), leaf())))
    for reader in (open_view(its, PAYLOAD_KEY), open_log(its)):
        assert reader.head() == store.head()
        assert reader.leaves(0, 9) == store.leaves(0, 9)
        assert reader.tile(0, 0) == store.tile(0, 0)
        reader.close()
    store.close()
    opened = open_store(its, PAYLOAD_KEY)
    assert opened.head()[0] == 2
    opened.close()
    with pytest.raises(AnswerableError, match=r"store\.exists"):
        probe(its)


def test_a_folder_of_one_kind_is_not_taken_for_the_other(tmp_path: Path, postgres: Server) -> None:
    url = postgres.url(postgres.database())
    create_store(config(tmp_path / "a"), PAYLOAD_KEY).close()
    with pytest.raises(AnswerableError, match="a log of its own"):
        open_store(config(tmp_path / "a", store__url=url), PAYLOAD_KEY)
    create_store(config(tmp_path / "b", store__url=url), PAYLOAD_KEY).close()
    with pytest.raises(AnswerableError, match=r"store\.url"):
        open_store(config(tmp_path / "b"), PAYLOAD_KEY)


def test_a_password_comes_from_a_file_that_is_private(tmp_path: Path) -> None:
    file = tmp_path / "password"
    its = config(tmp_path, store__url="postgresql:///x", store__password_file=str(file))
    with pytest.raises(AnswerableError, match=r"config\.value"):
        address(its)
    file.write_text("secret\n")
    file.chmod(0o640)
    with pytest.raises(AnswerableError, match=r"log\.key"):
        address(its)
    file.chmod(0o600)
    found = address(its)
    assert found is not None
    assert found.password == "secret"


async def test_nothing_is_made_where_the_server_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(AnswerableError, match=r"store\.unreachable"):
        await made(tmp_path, store__url="postgresql:///x?host=/nowhere")
    assert not (tmp_path / "store").exists()


async def test_init_and_serve_over_a_database(tmp_path: Path, postgres: Server) -> None:
    url = postgres.url(postgres.database())
    core = await made(tmp_path, store__url=url)
    size = await core.reader.size()
    await core.close()
    core = await open_core(config(tmp_path, store__url=url))
    assert await core.reader.size() == size > 5
    assert {admin.rid for admin in core.book.admins()}
    await core.close()
