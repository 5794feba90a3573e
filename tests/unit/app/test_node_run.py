# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from answerable.app.node_create import create_node
from answerable.app.node_run import run
from answerable.app.serve import run as serve
from answerable.errors import Refused
from tests.unit.app.small_store import config, made


async def announce(address: Any, core: Any) -> None:
    raise AssertionError("nothing was started")


async def test_a_store_is_run_as_what_it_is(tmp_path: Path) -> None:
    import asyncio

    (tmp_path / "node").mkdir()
    (tmp_path / "main").mkdir()
    own = config(tmp_path / "node", node__control="http://127.0.0.1:9")
    await create_node(own, domain="demo.invalid", name="berlin", party="frjzv5tnnmeaaaaaaaaaaaaaxklor4k3")
    with pytest.raises(Refused, match=r"node\.card"):  # it has not joined
        await asyncio.to_thread(run, own, announce)
    with pytest.raises(Refused, match=r"node\.here"):
        await asyncio.to_thread(serve, own, announce)
    await (await made(tmp_path / "main")).close()
    with pytest.raises(Refused, match=r"node\.card"):
        await asyncio.to_thread(run, config(tmp_path / "main"), announce)
