# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from tests.small_redlines import Place
from tests.small_redlines import place as made


@pytest.fixture
def place() -> Place:
    return made()
