# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import pytest

from answerable.errors import Unavailable
from answerable.upstreams import mcp_listed
from answerable.upstreams.mcp_listed import Listed, Listing
from tests.small_tools import NOTES, WEATHER, defined


class Server:
    def __init__(self) -> None:
        self.bodies = [WEATHER]
        self.count = 0
        self.away = False
        self.fault: Exception | None = None

    async def fetch(self) -> Listing:
        self.count += 1
        if self.away:
            raise Unavailable("upstream.timeout")
        if self.fault is not None:
            raise self.fault
        return defined(*self.bodies), (("bad", "tool.name"),)


@pytest.fixture
def server() -> Server:
    return Server()


async def until(true: object) -> None:
    for _ in range(200):
        if true():  # type: ignore[operator]
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


async def test_the_newest_list_or_none(server: Server) -> None:
    listed = Listed("desk", server.fetch, 60)
    assert listed.definitions == ()
    await listed.refresh()
    assert listed.get("weather") == listed.definitions[0]
    assert (listed.refused, listed.error) == ((("bad", "tool.name"),), None)
    server.away = True
    with pytest.raises(Unavailable):
        await listed.refresh()
    assert (listed.definitions, listed.refused, listed.get("weather")) == ((), (), None)
    assert isinstance(listed.error, Unavailable)


async def test_it_is_asked_for_again_and_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_listed, "PAUSE_S", 0.01)
    monkeypatch.setattr(mcp_listed, "RETRY_S", 0.02)
    listed = Listed("desk", server.fetch, 0.02)
    listed.keep()
    listed.keep()
    await until(lambda: server.count > 2)
    server.away = True
    await until(lambda: listed.error is not None)
    server.away, server.bodies = False, [WEATHER, NOTES]
    await until(lambda: listed.get("note") is not None)
    await listed.close()
    count = server.count
    await asyncio.sleep(0.05)
    assert server.count == count
    assert listed.definitions == ()


@pytest.mark.parametrize("fault", [TypeError("unhashable: secret"), RecursionError(), KeyError("x"), ValueError("y")])
async def test_whatever_a_list_does_it_is_forgotten_and_asked_for_again(
    server: Server, fault: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mcp_listed, "PAUSE_S", 0.01)
    monkeypatch.setattr(mcp_listed, "RETRY_S", 0.02)
    listed = Listed("desk", server.fetch, 0.02)
    await listed.refresh()
    server.fault = fault
    with pytest.raises(Unavailable) as caught:
        await listed.refresh()
    assert caught.value.code == "upstream.broken"
    assert (listed.definitions, listed.refused, listed.error) == ((), (), caught.value)
    listed.keep()
    count = server.count
    await until(lambda: server.count > count + 2)
    assert "secret" not in caplog.text
    server.fault = None
    await until(lambda: listed.get("weather") is not None)
    assert listed.error is None
    await listed.close()


async def test_one_that_says_each_moment_that_it_changed_is_not_asked_each_moment(server: Server) -> None:
    listed = Listed("desk", server.fetch, 60)
    listed.keep()
    for _ in range(50):
        listed.changed()
        await asyncio.sleep(0.001)
    assert server.count == 1
    await listed.close()
