# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import httpx2 as httpx
import pytest

from answerable.app.service import Service, anchors, producer, terminated
from answerable.errors import AnswerableError
from answerable.log.leaf import decode
from answerable.marks import provider_code
from answerable.model.leaves import PluginLeaf
from answerable.model.records import Stop
from tests.unit.app.small_store import LEI, config, made


async def _defect() -> None:
    raise KeyError("a row")


async def test_both_planes_answer_and_what_was_loaded_is_recorded(tmp_path: Path) -> None:
    core = await made(tmp_path)
    service = Service(core)
    address = await service.start()
    try:
        base = address.gateway.removesuffix("/v1")
        async with httpx.AsyncClient() as client:
            assert (await client.get(base + "/healthz")).status_code == 200
            ready = await client.get(base + "/readyz")
            assert (ready.status_code, ready.json()["parts"]["models"]) == (503, "model.none"), "it tells the truth"
            assert not any(part.startswith("loop ") for part in ready.json()["parts"])
            service._loops.start("reminders of nothing", _defect())
            await asyncio.sleep(0.05)
            ready = await client.get(base + "/readyz")
            assert ready.json()["parts"]["loop reminders of nothing"] == "internal.error"
            refused = await client.post(address.gateway + "/chat/completions", json={"model": "auto", "messages": []})
            assert refused.status_code == 401
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(address.control))) as client:
            assert (await client.get("http://localhost/control/v1/status")).status_code == 401
        plugins = [leaf for data in await core.reader.tail(0, 100) if isinstance(leaf := decode(data), PluginLeaf)]
        assert [(leaf.port, leaf.name) for leaf in plugins] == [("detectors", "credentials"), ("detectors", "volume")]
    finally:
        await service.close()
    assert not address.control.exists()


async def test_an_operators_provider_code_is_its_own_or_its_identifier(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    core = await made(tmp_path / "a")
    try:
        assert provider_code.parse(producer(core, core.config)).suffix == "0000"
    finally:
        await core.close()
    core = await made(tmp_path / "b", operator=LEI)
    try:
        assert producer(core, core.config) == LEI, "a code is never invented"
    finally:
        await core.close()


@pytest.mark.parametrize(
    "flags", [{"labels__operator": "LEIXG-none"}, {"detectors__use": "unheard"}, {"gateway__host": "0.0.0.0"}]
)
async def test_what_is_configured_wrongly_does_not_start(tmp_path: Path, flags: dict[str, str]) -> None:
    core = await made(tmp_path, **flags)
    service = Service(core)
    try:
        with pytest.raises(AnswerableError, match=r"config\."):
            await service.start()
    finally:
        await service.close()


def test_anchors_are_read_from_their_files(tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n")
    assert anchors(config(tmp_path, registry__anchors=str(file))) == (b"\x00\x01\x02",)
    file.write_text("nothing of the kind")
    with pytest.raises(AnswerableError, match=r"config\.value"):
        anchors(config(tmp_path, registry__anchors=str(file)))


def test_a_termination_ends_a_model_whatever_suspension_stands_before_it() -> None:
    system = SimpleNamespace(num=2, ancestors=(1,), worlds=("information",), parties=(SimpleNamespace(party="p"),))
    copy = SimpleNamespace(rid="c", system="s")

    def order(rid: str, kind: str, scope: str, root: str = "", num: int = 0) -> Stop:
        return Stop(
            rid=rid, kind=kind, scope=scope, root=root, num=num, digests=(), twins=(), at=1, until=0, reason="r",
            officers=(),
        )  # fmt: skip

    def ended(*stops: Stop) -> bool:
        directory = SimpleNamespace(system=lambda _: system, stops=lambda: stops)
        return terminated(directory, copy, 5)  # type: ignore[arg-type]  # all that it asks for

    suspended = order("s1", "suspend", "all")
    assert not ended(suspended)
    for scope, root, num in (("lineage", "r", 1), ("party", "p", 0), ("copy", "c", 0), ("world", "information", 0)):
        assert ended(suspended, order("t1", "terminate", scope, root, num)), scope
    assert not ended(suspended, order("t1", "terminate", "system", "r", 1)), "an ancestor alone"
