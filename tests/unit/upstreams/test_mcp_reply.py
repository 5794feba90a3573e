# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.upstreams.mcp_reply import Whole, read_call


async def test_an_answer_is_read_once() -> None:
    reply = Whole(b"all")
    assert (await reply.read(), await reply.read()) == (b"all", b"")
    closed = Whole(b"all")
    closed.close()
    assert await closed.read() == b""


def test_what_a_call_carries() -> None:
    said = read_call(b'{"arguments":{"a": 1.0},"name":"pay"}')
    assert (said.name, bytes(said.arguments)) == ("pay", b'{"a": 1.0}')


@pytest.mark.parametrize("body", [b"", b"{}", b'{"name":"x"}', b'{"arguments":{},"name":1}', b"[" * 9_999,
                                  b'{"arguments":{},"name":"x","_meta":{}}'])  # fmt: skip
def test_what_is_no_call(body: bytes) -> None:
    with pytest.raises(Refused) as found:
        read_call(body)
    assert found.value.code == "tool.malformed"
