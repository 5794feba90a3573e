# SPDX-License-Identifier: Apache-2.0
"""One world for all tests of this folder: building it takes a quarter of a minute."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.partition.drill import Drill
from tests.partition.place import Place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place.make(tmp_path_factory.mktemp("drill"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def drill(place: Place) -> Drill:
    return Drill(place)
