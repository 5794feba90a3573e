# SPDX-License-Identifier: Apache-2.0
"""A real store in a temporary folder, for tests of the composition root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerable.app.core import Core
from answerable.app.create import Founding, create
from answerable.config import Config, load
from answerable.registry.ids import unassigned_lei, unassigned_uscc

OPERATOR = unassigned_uscc("unit")
LEI = unassigned_lei("unit")


def config(path: Path, **flags: Any) -> Config:
    given = {name.replace("__", "."): value for name, value in flags.items()}
    return load(environ={}, flags={"store.path": str(path / "store"), "gateway.port": 0} | given).config


async def made(path: Path, *, operator: str = OPERATOR, demo: bool = False, **flags: Any) -> Core:
    return await create(config(path, **flags), Founding("unit.invalid", operator, "Unit Ltd", demo=demo))
