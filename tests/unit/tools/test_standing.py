# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.tools import Definition
from answerable.tools import pins, registry
from answerable.tools.standing import Listed, Standing
from tests.small_tools import LOOK_UP, NOTES, WEATHER, Desk


class Lists:
    """The part of a tool server that the registry looks at."""

    def __init__(self, *bodies: dict[str, Any]) -> None:
        self.by_name = {body["name"]: pins.definition(body) for body in bodies}
        self.error: AnswerableError | None = None

    def definitions(self) -> tuple[Definition, ...]:
        return tuple(self.by_name.values())

    def definition(self, name: str) -> Definition | None:
        return self.by_name.get(name)


class World:
    def __init__(self) -> None:
        self.desk = Desk()
        self.lists = Lists(WEATHER, NOTES)
        self.servers: dict[str, Listed] = {"desk": Listed(self.lists, self.desk.system)}  # type: ignore[arg-type]
        self.tools = Standing(self.desk.book, self.servers)

    def code(self, name: str = "weather", server: str = "desk") -> str:
        with pytest.raises(Refused) as found:
            self.tools.find(server, name)
        return found.value.code


@pytest.fixture
def world() -> World:
    return World()


def test_a_tool_is_found_once_a_person_stands_for_it(world: World) -> None:
    assert world.code() == "tool.unknown"
    world.desk.take(WEATHER, NOTES)
    assert world.code() == "tool.unknown", "imported, and nobody said what it is"
    assert world.tools.shown("desk") == ()
    world.desk.classify(LOOK_UP, WEATHER)
    assert world.tools.find("desk", "weather").domain == "search"
    ((tool, definition),) = world.tools.shown("desk")
    assert (tool.name, definition.pin) == ("weather", tool.pin)
    assert world.code("note") == "tool.unknown"
    gone = registry.WithdrawTool(tool="desk/weather")
    world.desk.registry.commit(registry.withdraw(world.desk.book, gone, 1, by=world.desk.by))  # type: ignore[arg-type]
    assert world.code() == "tool.unknown"


def test_a_changed_definition_is_hidden_and_refused_at_once(world: World) -> None:
    world.desk.take(WEATHER)
    world.desk.classify(LOOK_UP, WEATHER)
    world.tools.find("desk", "weather")
    world.lists.by_name["weather"] = pins.definition({**WEATHER, "description": "Tell the weather!"})
    assert world.code() == "tool.changed"
    assert world.tools.shown("desk") == ()
    del world.lists.by_name["weather"]
    assert world.code() == "tool.changed", "not listed any more"
    world.lists.by_name["weather"] = pins.definition(WEATHER)
    world.tools.find("desk", "weather")


def test_a_server_that_is_away_is_not_one_that_changed(world: World) -> None:
    world.desk.take(WEATHER)
    world.desk.classify(LOOK_UP, WEATHER)
    world.lists.by_name.clear()
    world.lists.error = Unavailable("upstream.timeout")
    with pytest.raises(Unavailable) as away:
        world.tools.find("desk", "weather")
    assert away.value.code == "upstream.unreachable"
    assert world.code("note") == "tool.unknown", "whatever nobody stands for is hidden all the same"
    assert world.tools.shown("desk") == ()


def test_another_system_behind_the_name(world: World) -> None:
    world.desk.take(WEATHER)
    world.desk.classify(LOOK_UP, WEATHER)
    world.servers["desk"] = Listed(world.lists, "another")  # type: ignore[arg-type]
    assert world.code() == "tool.changed"
    assert world.tools.shown("desk") == ()


def test_names_that_nobody_gave(world: World) -> None:
    world.desk.take(WEATHER)
    world.desk.classify(LOOK_UP, WEATHER)
    for name in ("weathe\u0433", "WEATHER", "weather ", "", "../desk/weather"):
        assert world.code(name) == "tool.unknown"
    for server in ("disk", "", "desk/"):
        assert world.code(server=server) == "tool.unknown"
        with pytest.raises(Refused):
            world.tools.shown(server)
    del world.servers["desk"]
    assert world.code() == "tool.unknown"
