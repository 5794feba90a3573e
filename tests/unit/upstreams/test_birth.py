# SPDX-License-Identifier: Apache-2.0
import msgspec
import pytest

from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import Key, verify
from answerable.errors import Unavailable, VerificationError
from answerable.log.statement import to_sign
from answerable.model.leaves import CopyLeaf
from answerable.net.asgi import Receive, Scope, Send, respond
from answerable.net.endpoint import Endpoint
from answerable.net.pool import Pool
from answerable.registry.copies import START
from answerable.upstreams.birth import Birth, Signed, answer, ask
from answerable.upstreams.child import copy_app
from tests.unit.net.test_server import listening

BIRTH = Birth(id="spiffe://demo.invalid/system/x/copy/1", n="A" * 22, origin="demo.invalid", sys="s" * 32)


def statement(key: Key, birth: Birth = BIRTH) -> bytes:
    leaf = CopyLeaf(id=birth.id, loc="process", n=birth.n, pub=b64u(key.public), st=START, sys=birth.sys, t=0)
    return to_sign(leaf, birth.origin)


async def test_a_copy_signs_its_own_leaf_over_its_socket() -> None:
    key = Key.generate()
    async with listening(copy_app(key)) as listener:
        pool = Pool(Endpoint("127.0.0.1", listener.port, ""), "c")
        signature = await ask(pool, BIRTH)
        await pool.close()
    verify(key.public, statement(key), unb64u(signature))
    with pytest.raises(VerificationError):
        verify(key.public, statement(key, msgspec.structs.replace(BIRTH, sys="t" * 32)), unb64u(signature))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", msgspec.json.encode({"id": "x", "n": "y"})])
def test_nothing_but_a_copy_leaf_is_signed(body: bytes) -> None:
    with pytest.raises(VerificationError):
        answer(body, Key.generate())


def test_the_key_in_the_leaf_is_the_copy_s_own() -> None:
    key, other = Key.generate(), Key.generate()
    signed = msgspec.json.decode(answer(msgspec.json.encode(BIRTH), key), type=Signed)
    with pytest.raises(VerificationError):
        verify(key.public, statement(other), unb64u(signed.signature))


async def test_an_answer_that_is_no_signature_is_refused() -> None:
    async def odd(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, b'{"signature":"=="}')

    async with listening(odd) as listener:
        pool = Pool(Endpoint("127.0.0.1", listener.port, ""), "c")
        with pytest.raises(Unavailable) as caught:
            await ask(pool, BIRTH)
        assert caught.value.code == "upstream.possession"
        await pool.close()
