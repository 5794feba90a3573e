# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import inspect

from answerable.app import policing as real
from answerable.control.policing import Policing, PolicyState


def test_the_service_has_all_that_the_control_plane_asks_of_it() -> None:
    for name in ("state", "reload"):
        asked, given = getattr(Policing, name), getattr(real.Policing, name)
        assert inspect.signature(asked).parameters.keys() == inspect.signature(given).parameters.keys()
        assert inspect.iscoroutinefunction(asked) == inspect.iscoroutinefunction(given)
    assert "problem" in PolicyState.__struct_fields__
