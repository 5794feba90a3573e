# SPDX-License-Identifier: Apache-2.0
"""What a guard tells over the holders' plane arrives, is recorded, and is acted on; the plane asks for no proof."""

from __future__ import annotations

import msgspec
import pytest

from answerable.app import event_door
from answerable.control.routes.redlines import tell
from answerable.errors import Refused
from answerable.model import events
from answerable.relay.routes import Answer, Call
from tests.redlined import incident, report
from tests.unit.control.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    made = House(tmp_path_factory.mktemp("house") / "store")
    yield made
    made.close()


def post(house: House, body: bytes) -> Answer:
    (route,) = event_door.routes(house.services)
    assert (route.method, route.path) == ("POST", event_door.PATH)
    assert len(body) <= route.limit
    return house.run(route.run(Call("POST", route.path, "", {}, body, "192.0.2.1")))  # type: ignore[arg-type]


def test_a_guards_word_arrives_and_stops_its_copy(house: House) -> None:
    copy, key = house.start_copy("other")
    body = msgspec.json.encode(report(house, events.AliveUnleased(ms=2_500), "other", copy, key, copy=copy))
    answer = post(house, body)
    its = msgspec.json.decode(answer.body)["rid"]
    found = incident(house, its)
    assert (found["line"], found["level"], found["copy"], found["measure"]) == ("RL2c", "red", copy, "suspend")
    with pytest.raises(Refused, match=r"redline\.event_replayed"):
        post(house, body)
    assert callable(tell)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b'{"event":{},"facts":"","salt":""}', b"[" * 10_000, b'{"event":"\x89"}']
)
def test_whatever_comes(house: House, body: bytes) -> None:
    with pytest.raises(Refused, match=r"redline\.event_malformed"):
        post(house, body)
