# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from answerable.config import IncidentsConfig
from answerable.errors import AnswerableError
from answerable.model import events
from answerable.redlines.regimes import regimes
from tests.redlined import incident, tell, told_by
from tests.unit.control.house import House


@pytest.fixture(scope="module")
def leaked(house: House) -> Any:
    """Weights that left, told by the copy itself after it acted."""
    copy, key = house.start_copy("small")
    house.act("before")
    return incident(
        house, tell(house, events.WeightsEgress(bytes=7, sink="x.example"), "small", copy, key, copy=copy)["rid"]
    )


@pytest.fixture
def european(house: House) -> Iterator[None]:
    """The house as an essential entity of the Union: the API reads what the configuration says at each request."""
    before = house.services.incidents
    object.__setattr__(
        house.services,
        "incidents",
        IncidentsConfig(jurisdictions=("EU",), traits=("essential-entity",), zone="Europe/Brussels"),
    )
    yield
    object.__setattr__(house.services, "incidents", before)


def test_the_page_of_facts_comes_from_records(house: House, leaked: Any) -> None:
    shown = house.get(f"/incidents/{leaked['rid']}")
    report = shown["report"]
    assert report["line"]["id"] == "RL1d"
    assert report["seen"] == {"bytes": 7, "sink": "x.example"}
    assert report["orders"][0]["rid"] == leaked["order"]
    assert report["orders"][0]["by"] == ["detector"]
    assert report["orders"][0]["bound_ms"] == 62_250, "everywhere, as whoever orders is told; not on this host alone"
    assert {leaf["kind"] for leaf in report["evidence"]} == {"incident", "event", "order"}
    assert report["rings"]["managed"] >= 1
    assert report["rings"]["cooperating"] == 0
    assert {party["role"] for party in report["parties"]} == {"provider", "deployer"}
    assert leaked["rid"] in shown["markdown"]
    assert house.get(f"/incidents/{leaked['rid'][:8]}")["report"]["id"] == leaked["rid"], "its first letters do"
    assert "事件" in house.get(f"/incidents/{leaked['rid']}", lang="zh")["markdown"]


def test_its_proofs_hold(house: House, leaked: Any) -> None:
    """Each piece of evidence is proven against the checkpoint that the report carries."""
    import base64

    from answerable.log.checkpoint import parse
    from answerable.log.merkle import verify_inclusion

    report = house.get(f"/incidents/{leaked['rid']}")["report"]
    head = parse(report["checkpoint"].encode())[0]
    for leaf in report["evidence"]:
        path = [base64.b64decode(node) for node in leaf["proof"]]
        verify_inclusion(bytes.fromhex(leaf["digest"]), leaf["index"], head.size, path, head.root)


def test_clocks_follow_from_where_one_is(house: House, leaked: Any, european: None) -> None:
    found = house.get("/incident-clocks")
    names = {each["clock"]["name"]: each for each in found if each["incident"] == leaked["rid"]}
    assert {"eu-nis2/warning", "eu-nis2/notification", "cn-cyber-other/initial"} <= set(names)
    assert [each["clock"]["due"] for each in found] == sorted(each["clock"]["due"] for each in found)
    warning = names["eu-nis2/warning"]
    assert warning["clock"]["due"] - leaked["at"] == 24 * 3_600_000
    assert "(Europe/Brussels)" in warning["clock"]["written"]
    assert not warning["overdue"]
    listed = next(each for each in house.get("/incidents") if each["incident"]["rid"] == leaked["rid"])
    assert listed["clock"] == "cn-cyber-other/initial", "the soonest"


def test_a_report_that_was_handed_in_is_not_due_any_more(house: House, leaked: Any, european: None) -> None:
    told_by(house, events.ReportFiled(incident=leaked["rid"], clock="eu-nis2/warning"), "small", "officer-1")
    names = {each["clock"]["name"] for each in house.get("/incident-clocks") if each["incident"] == leaked["rid"]}
    assert "eu-nis2/warning" not in names
    assert "eu-nis2/notification" in names


@pytest.mark.parametrize("regime", [each.id for each in regimes().regime])
def test_each_regime_has_its_form_at_once(house: House, leaked: Any, regime: str) -> None:
    for lang in ("en", "zh"):
        done = house.get(f"/incident-reports/{leaked['rid']}", regime=regime, lang=lang)
        assert done["form"]["regime"] == regime
        assert done["form"]["report"]["id"] == leaked["rid"]
        assert done["markdown"].startswith("# ")


def test_which_regimes_bind(house: House, european: None) -> None:
    found = {each["id"]: each for each in house.get("/regimes", system="small")}
    assert found["eu-nis2"]["binds"]
    assert found["us-ca-sb53"]["why"] == "jurisdictions: US-CA"
    assert found["eu-gpai-code"]["checked"]
    with pytest.raises(AnswerableError, match=r"system\.unknown"):
        house.get("/regimes", system="nobody")


def test_an_order_of_officers_has_its_report_too(house: House, leaked: Any) -> None:
    report = house.get(f"/incidents/{leaked['order']}")["report"]
    assert report["id"] == leaked["rid"], "the order of a detector leads to its incident"


def test_what_is_not_there(house: House, leaked: Any) -> None:
    for path, code in (("/incidents/nothing", "incident.unknown"), ("/incident-reports/nothing", "incident.regime")):
        with pytest.raises(AnswerableError) as caught:
            house.get(path)
        assert caught.value.code == code
    assert dataclasses.is_dataclass(house.services)
