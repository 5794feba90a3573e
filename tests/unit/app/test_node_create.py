# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from answerable.app.core import open_core
from answerable.app.node_card import CARD_FILE, REQUEST_FILE, is_node, read_request
from answerable.app.node_create import create_node, join, node_key
from answerable.app.repair import fsck
from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.leaves import KeyLeaf
from tests.unit.app.small_store import config
from tests.unit.app.test_node_card import CARD

PARTY = "frjzv5tnnmeaaaaaaaaaaaaaxklor4k3"


async def made(path: Path, **other: str) -> object:
    told = {"domain": "demo.invalid", "name": "berlin", "party": PARTY} | other
    return await create_node(config(path), **told)


async def test_a_nodes_store_has_a_log_and_a_key_of_its_own_and_no_issuer(tmp_path: Path) -> None:
    request = await made(tmp_path)
    settings = config(tmp_path)
    store = settings.store_path
    assert is_node(store)
    assert read_request(store / REQUEST_FILE) == request
    assert b64u(node_key(store).public) == request.key
    assert stat.S_IMODE((store / "keys" / "node.key").stat().st_mode) == 0o600
    core = await open_core(settings)
    try:
        assert core.origin == "berlin.demo.invalid"
        (leaf,) = [decode(data) for data in await core.reader.tail(0, 10)]
        assert isinstance(leaf, KeyLeaf)
        assert (leaf.use, leaf.own) == ("log", "berlin.demo.invalid")
    finally:
        await core.close()
    assert fsck(settings).sound
    with pytest.raises(Refused, match=r"store\.exists"):
        await made(tmp_path)


@pytest.mark.parametrize(
    ("other", "code"),
    [({"name": "main"}, "node.name"), ({"party": "LEIXG-1"}, "config.value"), ({"origin": "a b\n"}, "config.value")],
)
async def test_what_will_not_do_makes_nothing(tmp_path: Path, other: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        await made(tmp_path, **other)
    assert refused.value.code == code
    assert not config(tmp_path).store_path.exists()


async def test_only_its_own_card_is_kept(tmp_path: Path) -> None:
    await made(tmp_path)
    store = config(tmp_path).store_path
    with pytest.raises(Refused, match=r"node\.card"):
        join(store, msgspec.json.encode(msgspec.structs.replace(CARD, name="paris")))
    assert not (store / CARD_FILE).exists()
    assert join(store, msgspec.json.encode(CARD)) == CARD
