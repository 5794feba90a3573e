# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from answerable.admission.requests import WarrantRequest, to_sign
from answerable.app.clock import SystemClock
from answerable.cli.client import exchange
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.guard.lease import Lease
from answerable.machines.onsite import OnSite
from answerable.machines.onsite_server import OnSiteServer
from answerable.machines.station import now_ms
from tests.small_site import AUDIENCE, COPY, COPY_KEY, SITE, SITE_KEY, envelope, envelope_token, order, view


async def talk(folder: Path, speak: Any, told: Path | None = None) -> Any:
    """What `speak`, in a thread, makes of a server on `folder`'s socket."""
    clock, value = SystemClock(), envelope(now_ms(), 60_000)
    issuer = OnSite(value, envelope_token(value), signer=SITE_KEY, view=view(), clock=clock)
    server = OnSiteServer(issuer, folder / "site.sock", clock, told=told)
    serving = asyncio.create_task(server.run())
    await asyncio.sleep(0.05)
    try:
        return await asyncio.to_thread(speak, folder / "site.sock")
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def post(socket: Path, path: str, body: bytes) -> Any:
    return exchange(socket, "POST", path, body, {"content-type": "application/json", "host": "localhost"})


async def test_a_lease_is_kept_by_it_as_by_the_control_plane_until_an_order_comes(tmp_path: Path) -> None:
    def speak(socket: Path) -> list[Any]:
        lease = Lease(
            COPY_KEY, copy=COPY, issuer=SITE, audience=AUDIENCE, ask=lambda path, body: post(socket, path, body)
        )
        first, second = lease.next(), lease.next()
        state = exchange(socket, "GET", "/onsite/v1/state", b"", {"host": "localhost"})
        told = post(socket, "/relay/v1/orders", order())
        with pytest.raises(AnswerableError) as error:
            lease.next()
        return [first, second, state, told, error.value.code]

    first, second, state, told, code = await talk(tmp_path, speak)
    assert (first.seq, second.seq, first.envelope == second.envelope != "") == (1, 2, True)
    assert (state["site"], 0 < state["left"] <= 60_000, state["bound"] > 60_000) == (SITE, True, True)
    assert (told, code) == ({"new": True}, "stop.system")


async def test_started_again_it_has_forgotten_no_order(tmp_path: Path) -> None:
    told = tmp_path / "site.envelope.orders"

    def speak(socket: Path) -> str:
        lease = Lease(
            COPY_KEY, copy=COPY, issuer=SITE, audience=AUDIENCE, ask=lambda path, body: post(socket, path, body)
        )
        try:
            lease.next()
        except AnswerableError as error:
            return error.code
        post(socket, "/relay/v1/orders", order())
        return "signed"

    assert await talk(tmp_path, speak, told) == "signed"
    told.write_bytes(b'{"half a l\n' + told.read_bytes())
    assert await talk(tmp_path, speak, told) == "stop.system"


async def test_what_is_refused_has_the_control_planes_shape(tmp_path: Path) -> None:
    def speak(socket: Path) -> list[str]:
        codes = []
        request = WarrantRequest(at=now_ms(), aud=AUDIENCE, copy=COPY, nonce=b64u(bytes(16)), seq=1)
        forged = b64u(SITE_KEY.sign(to_sign(request, SITE)))
        import json

        import msgspec

        good = json.dumps({"request": msgspec.to_builtins(request), "signature": forged}).encode()
        for path, body in (
            ("/control/v1/warrants", good),
            ("/control/v1/warrants", b"{}"),
            ("/control/v1/systems", b"{}"),
            ("/relay/v1/orders", b"{}"),
            ("/relay/v1/pulse", b"{}"),
        ):
            with pytest.raises(AnswerableError) as error:
                post(socket, path, body)
            codes.append(error.value.code)
        return codes

    codes = await talk(tmp_path, speak)
    assert codes[:3] == ["warrant.proof", "admin.request", "admin.request"]
    assert codes[3].startswith("order.")
    assert codes[4].startswith("pulse.")
    assert not (tmp_path / "site.sock").exists()


async def test_a_warrant_comes_with_the_orders_that_it_names(tmp_path: Path) -> None:
    other = order(num=99)

    def speak(socket: Path) -> list[Any]:
        lease = Lease(
            COPY_KEY, copy=COPY, issuer=SITE, audience=AUDIENCE, ask=lambda path, body: post(socket, path, body)
        )
        lease.next()
        post(socket, "/relay/v1/orders", other)
        lease.known = lambda: 0
        told = lease.next()
        lease.known = lambda: lease.epoch
        return [told.orders, lease.epoch, lease.next().orders]

    assert await talk(tmp_path, speak) == [(other,), 1, ()]
