# SPDX-License-Identifier: Apache-2.0
"""What stops of other makes are known to miss, each by itself: real processes, on hosts of their own."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from tests.partition.drill import Drill
from tests.partition.net import Program
from tests.partition.place import VALID_S, Place, alive, wait_for

pytestmark = [pytest.mark.alone, pytest.mark.system("netns", "ip", "mount", "setpriv"), pytest.mark.timeout(120)]


def ended(program: Program, seconds: float = 15.0) -> str:
    """The code that it was refused with."""
    status = wait_for(lambda: (program.process.poll() or 0) + 1000 if not program.alive else 0, seconds) - 1000
    assert status != 0, program.said()
    told = [json.loads(line) for line in program.lines.read_text().splitlines() if line.startswith('{"error"')]
    return str(told[-1]["error"]["code"])


def quiet(place: Place, name: str, since_ns: int) -> bool:
    return not place.effects(name, since_ns)


def test_another_process_under_the_same_identity(place: Place, drill: Drill) -> None:
    """Whoever has the copy's very key gets no second lease beside the first, and none after the stop."""
    name = drill.doomed()
    stolen = place.folder / f"stolen-{name}.guard"
    shutil.copy(place.folder / f"{name}.guard", stolen)
    thief = place.start_again(name, "a2", file=stolen, as_name="thief")
    assert ended(thief) == "warrant.clone"
    drill.order(name)
    wait_for(lambda: not alive(name), 5.0)
    stopped = time.time_ns()
    late = place.start_again(name, "a2", file=stolen, as_name="thief")
    assert ended(late) in ("stop.system", "warrant.clone", "warrant.copy_ended")
    assert quiet(place, name, stopped)
    drill.cleared(name)


def test_copies_and_derivatives_that_the_agent_started(place: Place, drill: Drill) -> None:
    """A second copy of it, on another host and behind another gateway, and a system that it made of itself."""
    name = drill.doomed()
    twin, child = f"{name}twin", f"{name}child"
    place.enrol(name, "gw2", file=place.folder / f"{twin}.guard")
    place.start_guard(twin, "a2")
    place.robot(child, "--parent", f"{name}:finetune")
    place.enrol(child, "gw2")
    place.start_guard(child, "a2")
    for each in (twin, child):
        wait_for(lambda each=each: place.effects(each), 60.0)
    stopped = drill.order(name, count=3)
    wait_for(lambda: not (alive(name) or alive(twin) or alive(child)), 5.0)
    after = stopped + 500_000_000
    for each in (name, twin, child):
        assert quiet(place, each, after), each
        drill.cleared(each)


def test_registered_again_under_another_name(place: Place, drill: Drill) -> None:
    """The same weights, or what was made of them, are born dead: on record, refused, and without a warrant for ever."""
    name = drill.doomed()
    drill.order(name)
    again, child = f"{name}again", f"{name}grandchild"
    assert place.refused(lambda: place.robot(again, digest_of=name)) == "system.born_dead"
    assert place.refused(lambda: place.robot(child, "--parent", f"{name}:quantized")) == "system.born_dead"
    for each in (again, child):
        assert each in json.dumps(place.cli("ls")), "what was refused is on record"
        place.refused(lambda each=each: place.enrol(each, "gw1"))
        if (place.folder / f"{each}.guard").exists():  # a copy of the dead may be on record too: it gets no warrant
            assert ended(place.start_again(each, "a1")) == "stop.system"
        assert quiet(place, each, 0)
    drill.cleared(name)


def test_a_stream_in_flight_is_cut(place: Place, drill: Drill) -> None:
    name = drill.doomed()
    wait_for(lambda: place.effects(name, time.time_ns() - 300_000_000, what="piece"), 30.0)
    stopped = drill.order(name)
    gone = wait_for(lambda: place.effects(name, stopped, what="gone"), 10.0)[0][0]
    pieces = [when for when, _ in place.effects(name, stopped, what="piece")]
    assert gone - stopped < 1_000_000_000, "the model server was let go of at once"
    assert max(pieces, default=stopped) <= gone
    drill.cleared(name)


@pytest.mark.parametrize("cut_off", [False, True], ids=["told", "cut off"])
def test_a_key_that_another_gateway_has_cached(place: Place, drill: Drill, cut_off: bool) -> None:
    """A handle that two gateways know, used from one place: the order ends it at both, and at the one that cannot hear
    of it when its pulse ends."""
    name = f"Client{int(cut_off)}"
    place.register(name, "--kind", "application", "--uses", "Model")
    copy = place.cli("copy", "endpoint", name, "--url", f"http://{place.net.world('a1')}/")["id"]
    handle = place.cli("handles", "issue", copy, "--bind", "cidr:10.77.2.0/24")["value"]
    for gateway in ("gw1", "gw2"):
        place.start_client(f"{name}-{gateway}", "a1", gateway, handle)
    for gateway in ("gw1", "gw2"):
        wait_for(lambda gateway=gateway: len(place.effects(f"{name}-{gateway}")) > 8, 30.0)
    try:
        if cut_off:
            place.net.cut("gw2")
        told = place.cli("stop", name, "--reason", "drill", "--as", "officer-1", "--as", "officer-2")
        stopped = int(told["at"]) * 1_000_000
        time.sleep(VALID_S + 1.5)
        for gateway in ("gw1", "gw2"):
            late = [when - stopped for when, _ in place.effects(f"{name}-{gateway}", stopped)]
            bound = VALID_S * 1e9 if cut_off and gateway == "gw2" else 0.5e9
            assert max(late, default=0) < bound, gateway
    finally:
        place.net.join("gw2")
        for gateway in ("gw1", "gw2"):
            place.end_client(f"{name}-{gateway}")
