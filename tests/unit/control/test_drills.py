# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.app.drilling import Drills
from answerable.control.drills import CanaryTold, Condition, Drilling, DrillTold


def test_what_is_told_is_json_both_ways() -> None:
    told = CanaryTold(at=1, order="o", answered={"main": 2}, silent=["berlin"], last_ms=2, bound_ms=3, record="r")
    assert msgspec.json.decode(msgspec.json.encode(told), type=CanaryTold) == told
    one = Condition(
        name="healthy", holders=4, actions=9, bound_ms=5, measured_ms=1, effects_ms=6, violations=0, alive=True
    )
    drill = DrillTold(name="1", tier=1, row="ordinary", at=1, life_ms=2, conditions=[one], held=True, next=3, record="")
    assert msgspec.json.decode(msgspec.json.encode(drill), type=DrillTold) == drill


def test_the_composition_roots_drills_are_what_the_api_asks_for() -> None:
    wanted = {name for name in vars(Drilling) if not name.startswith("_")}
    assert wanted <= set(dir(Drills)) | {"running", "failure"}
