# SPDX-License-Identifier: Apache-2.0
import asyncio

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable, VerificationError
from answerable.net.pool import Pool
from answerable.upstreams import possession
from answerable.upstreams.child import copy_app
from tests.unit.net.servers import Server, http, serving
from tests.unit.net.test_server import listening


async def test_who_holds_the_key_proves_it() -> None:
    key = Key.generate()
    async with listening(copy_app(key)) as listener:
        from answerable.net.endpoint import Endpoint

        pool = Pool(Endpoint("127.0.0.1", listener.port, ""), "c")
        await possession.require(pool, b64u(key.public))
        with pytest.raises(Unavailable) as caught:
            await possession.require(pool, b64u(Key.generate().public))
        assert caught.value.code == "upstream.possession"
        await pool.close()


async def test_an_old_proof_does_not_serve_again() -> None:
    key = Key.generate()
    old = possession.answer(msgspec.json.encode(possession.Challenge(b64u(b"c" * 32))), key)

    async def replays(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(http(old))
        await writer.drain()

    async with serving(replays) as server:
        pool = Pool(server.endpoint, "c")
        with pytest.raises(Unavailable):
            await possession.require(pool, b64u(key.public))
        await pool.close()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"challenge":"x"}', b'{"challenge":"AAAA"}', b'{"challenge":1}', b"\xff"]
)
def test_what_is_no_challenge_is_not_signed(body: bytes) -> None:
    with pytest.raises(VerificationError):
        possession.answer(body, Key.generate())


def test_the_signature_is_over_our_domain() -> None:
    key = Key.generate()
    proof = msgspec.json.decode(possession.answer(msgspec.json.encode(possession.Challenge(b64u(b"c" * 32))), key))
    from answerable.crypto.b64 import unb64u
    from answerable.crypto.ed25519 import verify

    verify(key.public, b"answerable/possession/v1\x00" + b"c" * 32, unb64u(proof["signature"]))
