# SPDX-License-Identifier: Apache-2.0
"""The contract is the docstring beside the interface (house rule 3)."""

from __future__ import annotations

import inspect
from typing import Protocol

from answerable import ports

PORTS = [
    value
    for value in vars(ports).values()
    if inspect.isclass(value) and getattr(value, "_is_protocol", False) and value.__module__ == ports.__name__
]


def test_every_port_says_what_it_is() -> None:
    assert len(PORTS) > 15
    assert [port.__name__ for port in PORTS if not (port.__doc__ or "").strip()] == []


def test_a_port_is_an_interface_and_nothing_more() -> None:
    for port in PORTS:
        assert Protocol in port.__mro__, port
        for name, member in vars(port).items():
            if inspect.isfunction(member) and not name.startswith("_"):
                assert inspect.getsource(member).rstrip().endswith(('"""', "...")), f"{port.__name__}.{name} has a body"
