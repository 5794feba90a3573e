# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.admission import receipts
from answerable.admission.receipts import StopState
from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable, VerificationError
from answerable.net.asgi import Receive, Scope, Send, respond
from answerable.net.endpoint import Endpoint
from answerable.net.pool import Pool
from answerable.upstreams.child import copy_app
from answerable.upstreams.last_word import Word, answer, ask
from tests.unit.net.test_server import listening

WORD = Word(
    origin="demo.invalid",
    order="o" * 32,
    holder="h" * 32,
    t_received=1_763_782_764_123,
    t_last_action=1_763_782_764_100,
    in_flight=0,
    stop_state=StopState.STOPPED,
    n="A" * 22,
)


async def test_a_copy_signs_its_own_receipt_over_its_socket() -> None:
    key = Key.generate()
    async with listening(copy_app(key)) as listener:
        pool = Pool(Endpoint("127.0.0.1", listener.port, ""), "c")
        data = await ask(pool, WORD)
        with pytest.raises(Unavailable, match=r"upstream\.possession"):
            await ask(pool, msgspec.structs.replace(WORD, order="nothing"))
        await pool.close()
    found = receipts.read(data, {WORD.holder: key.public}, WORD.origin)
    assert (found.order, found.t_received, found.t_last_action) == (WORD.order, WORD.t_received, WORD.t_last_action)
    assert (found.stop_state, found.in_flight) == (StopState.STOPPED, 0)
    with pytest.raises(VerificationError, match=r"order\.receipt"):
        receipts.read(data, {WORD.holder: Key.generate().public}, WORD.origin)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"\xff", msgspec.json.encode({"id": "x"}),
     msgspec.json.encode({**msgspec.to_builtins(WORD), "more": 1}),
     msgspec.json.encode(msgspec.structs.replace(WORD, holder="somebody"))],
)  # fmt: skip
def test_nothing_but_a_receipt_is_signed(body: bytes) -> None:
    with pytest.raises(VerificationError):
        answer(body, Key.generate())


async def test_a_server_that_is_no_copy_gives_none() -> None:
    async def odd(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 404, b"{}")

    async with listening(odd) as listener:
        pool = Pool(Endpoint("127.0.0.1", listener.port, ""), "c")
        with pytest.raises(Unavailable, match=r"upstream\.possession"):
            await ask(pool, WORD)
        await pool.close()
