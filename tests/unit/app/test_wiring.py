# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app import wiring
from answerable.config import Config, GatewayConfig, MeterConfig
from answerable.errors import Refused


def test_a_url_holds_an_ipv6_address_in_brackets() -> None:
    assert (wiring.host_of("::1"), wiring.host_of("[::1]"), wiring.host_of("127.0.0.1")) == (
        "[::1]",
        "[::1]",
        "127.0.0.1",
    )


def test_a_gateway_off_loopback_without_tls_is_not_bound() -> None:
    with pytest.raises(Refused) as refused:
        wiring.outer_socket(Config(gateway=GatewayConfig(host="0.0.0.0", port=0)))
    assert refused.value.code.startswith(("config.", "request."))


def test_the_declared_coefficient_is_what_is_metered_with() -> None:
    meter = wiring.meter_of(Config(meter=MeterConfig(source="declared", millijoule_per_token=1.0)))
    assert meter is not None


def test_no_path_is_none_and_a_home_is_expanded() -> None:
    assert wiring.as_path("") is None
    assert wiring.as_path("~/x") == Path("~/x").expanduser()
