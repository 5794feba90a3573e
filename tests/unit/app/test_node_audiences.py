# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.app.node_audiences import Audiences
from tests.fleet import DOMAIN, GATEWAY, Fleet
from tests.small_site import DEVICE


def test_its_own_gateway_and_any_device_of_its_domain() -> None:
    audiences = Audiences(Fleet().book, GATEWAY)
    assert set(audiences) == {GATEWAY}
    assert len(audiences) == 1
    assert GATEWAY in audiences
    assert f"spiffe://{DOMAIN}/device/{DEVICE}" in audiences


@pytest.mark.parametrize(
    "other",
    [
        f"spiffe://{DOMAIN}/gateway/other",
        f"spiffe://other.invalid/device/{DEVICE}",
        f"spiffe://{DOMAIN}/device/{DEVICE}x",
        f"spiffe://{DOMAIN}/device/{DEVICE[:-1]}1",
        f"spiffe://{DOMAIN}/device/",
        f"spiffe://{DOMAIN}/device/../gateway/main",
        "",
        None,
        7,
    ],
)
def test_and_nobody_else(other: object) -> None:
    assert other not in Audiences(Fleet().book, GATEWAY)
