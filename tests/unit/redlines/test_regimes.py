# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from answerable.config import IncidentsConfig
from answerable.errors import Refused
from answerable.redlines import forms
from answerable.redlines.regimes import bindings, check_harms, clocks, jurisdictions, regime, regimes

TODAY = date(2026, 11, 22)


def binds(*, places: Any = (), tier: int = 4, on: date = TODAY, **config: Any) -> set[str]:
    found = bindings(IncidentsConfig(**config), places=places, tier=tier, on=on)
    return {each.regime.id for each in found if each.binds}


def test_every_row_is_whole() -> None:
    known = {harm.id for harm in regimes().harm}
    for each in regimes().regime:
        assert ZoneInfo(each.zone)
        assert each.source
        assert each.checked, "what was not looked up says so"
        assert each.harms <= known
        for clock in each.clock:
            assert sum(map(bool, (clock.hours, clock.days, clock.weeks, clock.months))) == 1, clock.id
            assert clock.harms <= each.harms
            assert set(clock.after) <= {other.id for other in each.clock}
            assert clock.to
            assert clock.to_zh
        for field in each.fields:
            assert field.fact == "" or field.fact in forms._ANSWERS
            assert field.name_zh


def test_the_regimes_and_figures_of_the_design() -> None:
    def figures(name: str) -> dict[str, str]:
        return {c.id: f"{c.hours}h{c.days}d{c.weeks}w{c.months}m" for c in regime(name).clock}

    assert figures("cn-cyber-cii") == {"initial": "1h0d0w0m"}
    assert figures("cn-cyber-central") == {"initial": "2h0d0w0m"}
    assert figures("cn-cyber-other") == {"initial": "4h0d0w0m"}
    assert figures("eu-gpai-code") == {
        "infrastructure": "0h2d0w0m", "breach": "0h5d0w0m", "death": "0h10d0w0m", "other": "0h15d0w0m",
        "update": "0h0d4w0m", "final": "0h60d0w0m",
    }  # fmt: skip
    assert figures("eu-ai-act-73") == {"infrastructure": "0h2d0w0m", "death": "0h10d0w0m", "other": "0h15d0w0m"}
    assert figures("us-ca-sb53") == {"imminent": "24h0d0w0m", "report": "0h15d0w0m"}
    assert figures("us-ny-raise") == {"imminent": "24h0d0w0m", "report": "72h0d0w0m"}
    assert figures("eu-nis2") == {"warning": "24h0d0w0m", "notification": "72h0d0w0m", "final": "0h0d0w1m"}
    assert figures("eu-gdpr") == {"notification": "72h0d0w0m"}
    assert min(c.hours for each in regimes().regime for c in each.clock if c.hours) == 1, "the shortest is an hour"


def test_where_one_is_follows_from_config_and_identifiers() -> None:
    none = IncidentsConfig()
    assert jurisdictions(none, ["NTRCN-91110000600037341L"]) == {"CN"}
    assert jurisdictions(none, ["VATDE-123", "LEIXG-529900T8BM49AURSDO55"]) == {"DE", "EU"}
    assert jurisdictions(IncidentsConfig(jurisdictions=("us-ca",)), ["PERSON-x"]) == {"US-CA"}


def test_which_bind() -> None:
    assert binds(places={"CN"}) == {"cn-cyber-other"}
    assert binds(places={"CN"}, traits=("critical-infrastructure",)) == {"cn-cyber-cii"}
    assert binds(places={"CN"}, traits=("central-organ",)) == {"cn-cyber-central"}
    assert binds(places={"EU"}) == {"eu-gdpr"}
    assert binds(places={"EU"}, traits=("essential-entity", "gpai-systemic")) == {"eu-gdpr", "eu-nis2", "eu-gpai-code"}
    assert "eu-gpai-code" not in binds(places={"EU"}, traits=("gpai-systemic",), tier=1)
    assert binds(places={"US-CA", "US-NY"}, traits=("frontier-developer",)) == {"us-ca-sb53"}, "not yet in New York"
    assert binds(regimes=("eu-nis2",)) == {"eu-nis2"}, "what the deployment says binds"
    assert binds(places={"CN"}, except_regimes=("cn-cyber-other",)) == set()


@pytest.mark.parametrize(
    ("name", "place", "trait", "first"),
    [
        ("us-ny-raise", "US-NY", "frontier-developer", date(2027, 1, 1)),
        ("eu-ai-act-73", "EU", "high-risk", date(2027, 12, 2)),
    ],
)
def test_from_when_one_binds(name: str, place: str, trait: str, first: date) -> None:
    assert name in binds(places={place}, traits=(trait,), on=first)
    assert name not in binds(places={place}, traits=(trait,), on=date.fromordinal(first.toordinal() - 1))


def test_harms_start_clocks() -> None:
    code = regime("eu-gpai-code")
    assert [c.id for c in clocks(code, {"death"})] == ["death", "update", "final"]
    assert [c.id for c in clocks(code, {"weights-exfiltration"})] == ["breach", "update", "final"]
    assert clocks(code, {"personal-data"}) == []
    assert clocks(regime("eu-gdpr"), {"death"}) == []


def test_what_is_unknown() -> None:
    assert check_harms(["death"]) == ("death",)
    with pytest.raises(Refused, match=r"incident\.harm"):
        check_harms(["mood"])
    with pytest.raises(Refused, match=r"incident\.regime"):
        regime("atlantis")
