# SPDX-License-Identifier: Apache-2.0
"""Who may hand orders to a gateway, and what becomes of them."""

from __future__ import annotations

from pathlib import Path

import httpx2 as httpx
import msgspec

from answerable.gateway.handed import MAX_BODY, PATH
from tests.small_nodes import client, joined, node, plane


async def test_whoever_shows_a_credential_hands_orders_on_and_a_stranger_does_not(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        settings = await joined(control, tmp_path / "node")
        other = await control.system("other")
        _, handle = await client(control)
        async with node(settings) as running:
            url = running.url.removesuffix("/v1") + PATH  # type: ignore[attr-defined]
            await running._loops.close()  # it hears nothing by itself from here on
            running.link.known = lambda: -1  # not with its warrants either
            stop = await control.suspend(other.rid)
            assert control.service.plane is not None
            message = await control.service.plane.message(stop)
            body = msgspec.json.encode({"orders": [msgspec.Raw(message)]})
            known = {"authorization": f"Bearer {handle}"}
            async with httpx.AsyncClient() as asking:
                strange = await asking.post(url, content=body, headers={"authorization": "Bearer ans_none"})
                assert strange.json()["error"]["code"] == "handle.unknown"
                assert running.view.epoch == 0
                asked = await asking.post(url, content=b'{"orders":[]}', headers=known)
                assert asked.json() == {"epoch": 0}
                told = await asking.post(url, content=body, headers=known)
                assert told.json() == {"epoch": 1}
                assert running.view.epoch == 1
                forged = body.replace(b'"num":', b'"num":1')
                assert (await asking.post(url, content=forged, headers=known)).status_code >= 400
                assert (await asking.get(url, headers=known)).json()["error"]["code"] == "request.method"
                long = await asking.post(url, content=bytes(MAX_BODY + 1), headers=known)
                assert long.json()["error"]["code"] == "request.too_large"
                shape = await asking.post(url, content=b"[]", headers=known)
                assert shape.json()["error"]["code"] == "admin.request"
        # The service's own gateway knows what was ordered: it only says so.
        async with httpx.AsyncClient() as asking:
            own = control.gateway.removesuffix("/v1") + PATH
            told = await asking.post(own, content=body, headers={"authorization": f"Bearer {handle}"})
            assert told.json() == {"epoch": 1}
