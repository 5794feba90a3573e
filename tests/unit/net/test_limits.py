# SPDX-License-Identifier: Apache-2.0
from answerable.net.limits import HIGH_WATER, Limits


def test_idle_connections_end_before_common_servers_end_them() -> None:
    assert 0 < Limits().idle < 5.0  # most model servers close after 5 s


def test_nothing_is_unlimited() -> None:
    limits = Limits()
    assert limits.connections > 0
    assert limits.waiting > 0
    assert limits.body > HIGH_WATER
    assert 0 < limits.connect < limits.silence <= limits.head
