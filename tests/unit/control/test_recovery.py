# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.app.recovering import Recovery
from answerable.control.recovery import Recovering, RecoveryState


def test_the_state_is_json_both_ways() -> None:
    state = RecoveryState(
        behind=True, epoch=4, root="ab", waiting={"node a": "was not heard"}, heard=[], waived=["pulse"], regained=2
    )
    assert msgspec.json.decode(msgspec.json.encode(state), type=RecoveryState) == state


def test_the_composition_roots_recovery_is_what_the_api_asks_for() -> None:
    wanted = {name for name in vars(Recovering) if not name.startswith("_")}
    assert wanted <= set(dir(Recovery)) | {"behind"}
