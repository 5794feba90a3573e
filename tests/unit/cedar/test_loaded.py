# SPDX-License-Identifier: Apache-2.0
"""A folder is loaded whole or refused whole, with the line at fault; and the traps of the engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from answerable.cedar import asking, loaded, schema
from answerable.cedar.folder import read
from answerable.cedar.loaded import Loaded, load
from answerable.cedar.text import MAX_DEPTH, MAX_STEPS
from answerable.errors import Refused
from tests.cedars import BASE, ENTITIES, HOUSE, house, write
from tests.policies import ABOUT, POINT


def loads(folder: Path) -> Loaded:
    return load(read(folder))


def refused(folder: Path) -> str:
    with pytest.raises(Refused) as refusal:
        loads(folder)
    assert refusal.value.code == "policy.folder"
    return str(refusal.value.params["detail"])


def test_rules_have_their_place_and_their_words(tmp_path: Path) -> None:
    made = loads(house(tmp_path))
    assert [rule.id for rule in made.rules] == [
        "base", "no-agents-of-the-lab", "no-writing-by-night", "publication-is-seen",
    ]  # fmt: skip
    lab, seen = made.rules[1], made.rules[3]
    assert (lab.place, lab.effect, lab.people) == ("house.cedar:2", "forbid", 0)
    assert lab.notes == {
        "reason": "The lab's agents are not ready.", "reason_zh": "实验室智能体尚未就绪。",
        "remedy": 'Ask the lab; "soon".',
    }  # fmt: skip
    assert (seen.people, seen.role, seen.notes) == (2, "officer", {})


def test_the_digest_is_of_all_that_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = loads(house(tmp_path))
    assert loads(tmp_path).digest == made.digest
    monkeypatch.setattr(loaded, "_version", lambda: "9.9")
    assert loads(tmp_path).digest != made.digest


FORBID = "forbid (principal, action, resource)"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (f"{FORBID};", "@id"),
        (f'@id("") {FORBID};', "@id"),
        (f'@id("Has Space") {FORBID};', "@id"),
        (f'@id("base") {FORBID};', "base.cedar:1"),
        (f'@id("x") {FORBID}', "x.cedar:3"),  # no end
        (f'@id("x") {FORBID} when {{ context.facts.tier == "3" }};', "types"),
        (f'@id("x") {FORBID} when {{ context.facts.missing }};', "missing"),
        (f'@id("x") {FORBID} when {{ context.facts.world == World::"moon" }};', "moon"),
        (f'@id("x") {FORBID} when {{ context.facts.world == Criticality::"critical" }};', "never true: world"),
        (f'@id("x") {FORBID} unless {{ true && Audience::"public" != resource.kind }};', "kind"),
        (f'@id("x") {FORBID} when {{ principal.system == Party::"x" }};', "never true: system"),
        (f'@id("x") {FORBID} when {{ principal in Group::"nobody" }};', "nobody"),
        ('@id("x") forbid (principal in Group::"nobody", action, resource);', "nobody"),
        ('@id("x") forbid (principal == User::"alice", action, resource);', "User"),
        ('@id("x") forbid (principal, action == Action::"fly", resource);', "fly"),
        ('@id("x") forbid (principal == ?principal, action, resource);', "template"),
        (f'@id("x") @hold("0") {FORBID};', "@hold"),
        (f'@id("x") @hold("9") {FORBID};', "@hold"),
        ('@id("x") @hold("1") permit (principal, action, resource);', "@hold"),
        (f'@id("x") @role("officer") {FORBID};', "@role"),
        (f'@id("x") @hold("1") @role("viewer") {FORBID};', "@role"),
        (f'@id("x") {FORBID} when {{ ip("1.2.3.4").isLoopbck() }};', "x.cedar:3"),
        (f"{'(' * 30000}", "x.cedar:3"),
    ],
)
def test_what_is_not_right_refuses_the_whole_folder(tmp_path: Path, policy: str, said: str) -> None:
    write(tmp_path, base=BASE, x="// first\n\n" + policy)
    assert said in refused(tmp_path)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ({}, "array"),
        ([1], "entity 0"),
        ([{"uid": {"type": "Group", "id": "a"}, "colour": 1}], "entity 0"),
        ([{"uid": "Group"}], "uid"),
        ([{"uid": {"type": "Group", "id": 7}}], "uid"),
        ([{"uid": {"type": "Group", "id": "a"}, "parents": "b"}], "no array"),
        ([{"uid": {"type": "Group", "id": "a"}}, {"uid": {"type": "Group", "id": "a"}}], "twice"),
        ([{"uid": {"type": "Group", "id": "a"}, "parents": [{"type": "Group", "id": "b"}]}], "not there"),
        ([{"uid": {"type": "Party", "id": "p"}, "parents": [{"type": "Group", "id": "b"}]}], "not there"),
        ([{"uid": {"type": "Party", "id": "p"}, "attrs": {"standing": "proven"}}], "groups alone"),
        ([{"uid": {"type": "Copy", "id": "c"}, "parents": [{"type": "System", "id": "s"}]}], "groups alone"),
        ([{"uid": {"type": "Party", "id": "p"}}, {"uid": {"type": "Party", "id": "p"}}], "twice"),
        ([{"uid": {"type": "World", "id": "moon"}}], "made for each"),
        ([{"uid": {"type": "Facts", "id": "asked"}}], "made for each"),
        ([{"uid": {"type": "Ghost", "id": "g"}}], "Ghost"),
        ([{"uid": {"type": "Group", "id": "a"}, "attrs": {"size": 3}}], 'Group::"a"'),
    ],
)
def test_entities_that_are_not_right(tmp_path: Path, told: Any, said: str) -> None:
    write(tmp_path, base=BASE)
    if isinstance(told, str):
        (tmp_path / "entities.json").write_text(told)
    else:
        write(tmp_path, told)
    assert said in refused(tmp_path)


def test_a_schema_of_the_operators_own_adds_and_never_changes(tmp_path: Path) -> None:
    limit = [{"uid": {"type": "Limit", "id": "house"}, "attrs": {"tier": 2}}]
    rule = '@id("limit") forbid (principal, action, resource) when { context.facts.tier > Limit::"house".tier };'
    write(tmp_path, limit, schema="entity Limit = { tier: Long };", base=BASE, limit=rule)
    assert loads(tmp_path).uids == {("Limit", "house")}
    for changed in ("entity System = { name: Long };", 'entity World enum ["moon"];', "type Asked = {};", "{"):
        write(tmp_path, schema=changed)
        assert "schema.cedarschema" in refused(tmp_path)


def test_too_many_policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded, "MAX_POLICIES", 2)
    assert "more than 2" in refused(house(tmp_path))


def test_a_folder_of_comments_refuses_everything_and_so_is_refused(tmp_path: Path) -> None:
    write(tmp_path, base="// soon\n")
    assert "refuse everything" in refused(tmp_path)


def test_without_the_engine_there_is_no_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cedarpy", None)
    with pytest.raises(Refused) as refusal:
        loads(house(tmp_path))
    assert refusal.value.code == "policy.engine"


def test_an_unknown_principal_is_refused_though_the_engine_would_allow_it(tmp_path: Path) -> None:
    made = loads(write(tmp_path, base=BASE))
    known = made.know(asking.entities(POINT, ABOUT))
    request = asking.request(POINT, ABOUT)
    assert made.judge(request, known).allowed
    for part in ("principal", "resource"):
        stranger = request | {part: {"type": request[part]["type"], "id": "nobody"}}
        verdict = made.judge(stranger, known)
        assert (verdict.allowed, verdict.errors) == (False, (f"unknown {part}",))
        import cedarpy

        assert cedarpy.is_authorized(stranger, made.strict, known.handle, schema=made.schema).allowed  # the trap


@pytest.mark.parametrize(
    "changed",
    [
        {"context": {}},
        {"action": {"type": "Action", "id": "fly"}},
        {"action": {"type": "Action", "id": "call"}},  # with a system as resource
    ],
)
def test_a_request_that_the_schema_does_not_allow_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    made = loads(write(tmp_path, base=BASE))
    known = made.know(asking.entities(POINT, ABOUT))
    verdict = made.judge(asking.request(POINT, ABOUT) | changed, known)
    assert not verdict.allowed
    assert verdict.errors


def test_entities_that_the_schema_does_not_allow_are_refused(tmp_path: Path) -> None:
    made = loads(write(tmp_path, base=BASE))
    told = asking.entities(POINT, ABOUT)
    del told[1]["attrs"]["name"]
    with pytest.raises(ValueError, match="conform"):
        made.know(told)


def test_groups_of_ours_come_from_the_folder(tmp_path: Path) -> None:
    made = loads(house(tmp_path))
    assert made.members == {("System", ENTITIES[1]["uid"]["id"]): ({"type": "Group", "id": "lab"},)}  # type: ignore[index]
    assert schema.GROUP == "Group"
    assert HOUSE.count("Group::") == 1


def test_as_long_as_a_policy_may_be_the_engine_takes_it(tmp_path: Path) -> None:
    steps = " && ".join(["context.facts.stream"] * ((MAX_STEPS - 10) // 3))
    deep = "(" * (MAX_DEPTH - 3) + "context.facts.stream" + ")" * (MAX_DEPTH - 3)
    for number, condition in enumerate((steps, deep)):
        rule = f'@id("x") {FORBID} when {{ {condition} }};'
        assert len(loads(write(tmp_path / str(number), base=BASE, x=rule)).rules) == 2


def test_a_schema_that_nests_too_far(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, schema="type Deep = " + "Set<" * 5_000 + "Long" + ">" * 5_000 + ";")
    assert "deeper than" in refused(tmp_path)


class PanicException(BaseException):
    """As pyo3's: what a panic of the engine is in Python."""


@pytest.mark.parametrize("error", [PanicException("panicked"), ValueError("what"), RuntimeError("what")])
def test_an_engine_that_fails_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    import cedarpy

    def fails(*_: Any, **__: Any) -> None:
        raise error

    made = loads(write(tmp_path, base=BASE))
    known = made.know(asking.entities(POINT, ABOUT))
    monkeypatch.setattr(cedarpy, "is_authorized", fails)
    assert made.judge(asking.request(POINT, ABOUT), known) == loaded.Verdict(False, (), ("the engine failed",))


def test_an_interrupt_is_no_failure_of_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cedarpy

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    made = loads(write(tmp_path, base=BASE))
    known = made.know(asking.entities(POINT, ABOUT))
    monkeypatch.setattr(cedarpy, "is_authorized", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made.judge(asking.request(POINT, ABOUT), known)


def test_groups_in_a_circle(tmp_path: Path) -> None:
    def group(name: str, above: str) -> dict[str, Any]:
        return {"uid": {"type": "Group", "id": name}, "parents": [{"type": "Group", "id": above}]}

    write(tmp_path, [group("a", "b"), group("b", "a")], base=BASE)
    assert "entities.json" in refused(tmp_path)
