# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from answerable.cli.session import url
from answerable.control.policing import PolicyState
from answerable.control.routes import policy as routes
from answerable.control.routing import Call
from answerable.errors import AnswerableError
from tests.unit.control.house import House


def test_rules_are_explained_in_both_languages(house: House) -> None:
    rules = house.get("/policy")
    assert rules[0]["rule"] == "R001"
    english, chinese = house.get("/policy/R004"), house.get("/policy/R004", lang="zh")
    assert english["ruling"] == chinese["ruling"] == "refuse"
    assert english["reason"] != chinese["reason"]
    with pytest.raises(AnswerableError, match=r"policy\.unknown_rule"):
        house.get("/policy/R777")


def test_domains_and_reasons(house: House) -> None:
    domains = {each["rule"]: each for each in house.get("/policy/domains")}
    assert "approvals:2" in domains["D-grid"]["when"]["write"]
    assert house.get("/policy/D-grid")["reason"] == domains["D-grid"]["reason"]
    assert house.get("/policy/reasons/R004")["source"] == "kernel:R004"


def test_an_action_is_explained(house: House) -> None:
    told = {"domain": "payment", "effect": "irreversible"}
    found = house.post("/policy/explain", told)
    assert (found["decision"]["rule"], found["lacking"]) == ("R024", ["envelope", "budget"])
    assert house.client().post(url("/policy/explain", {"lang": "zh"}), told)["decision"]["reason"].startswith("所请求")
    with pytest.raises(AnswerableError, match=r"admin\.request"):
        house.post("/policy/explain", {"colour": "red"})
    with pytest.raises(AnswerableError, match=r"policy\.action"):
        house.post("/policy/explain", {"domain": "alchemy", "effect": "read"})


def test_what_was_recorded_can_be_asked_about_again(house: House) -> None:
    record = house.act("Sampled.")
    found = {each["rid"]: each for each in house.get("/policy/sample")}
    assert found[record]["rule"] == "R100"
    assert house.post("/policy/explain", found[record]["described"])["decision"]["rule"] == "R100"
    assert house.get("/policy/sample", last=0) == []


def test_the_policy_in_force_and_taking_it_anew(house: House) -> None:
    for ask in (lambda: house.get("/policy/state"), lambda: house.post("/policy/reload", None)):
        with pytest.raises(AnswerableError, match=r"policy\.unloaded"):
            ask()

    class Policing:
        policies = ()
        asked = 0

        def state(self) -> PolicyState:
            return PolicyState(
                digest="d", use=(), folder="f", folder_digest="", policies=(), taken=0, problem="", detail=""
            )

        async def reload(self) -> bool:
            self.asked += 1
            return True

    policing = Policing()
    services = replace(house.services, policing=policing)
    call: Call[None] = Call(None)
    assert house.run(routes.state(services, call)).folder == "f"
    assert house.run(routes.reload(services, call)).changed
    assert policing.asked == 1
