# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from answerable.cedar import asking
from answerable.cedar.folder import read
from answerable.cedar.loaded import load
from answerable.model.actions import Facts
from answerable.model.terms import Act
from answerable.policy.rules import VOCABULARY
from tests.cedars import BASE, write
from tests.policies import ABOUT, ABOUT_CALL, CALL, LOOK, POINT, about, tool


def test_who_asks_what_and_of_whom() -> None:
    answer = asking.request(POINT, ABOUT)
    assert answer["principal"] == {"type": "Copy", "id": "spiffe://demo.invalid/system/agent/copy/1"}
    assert answer["action"] == {"type": "Action", "id": "generate"}
    assert answer["resource"] == {"type": "System", "id": "spiffe://demo.invalid/system/writer"}
    call = asking.request(CALL, ABOUT_CALL)
    assert call["action"] == {"type": "Action", "id": "call"}
    assert call["resource"] == {"type": "Tool", "id": "office/look"}
    assert call["context"]["arguments"] == "ab" * 32
    assert set(answer["context"]) == set(call["context"])
    facts = [e["attrs"] for e in asking.entities(CALL, ABOUT_CALL) if e["uid"]["type"] == "Facts"]
    assert [each["domain"] for each in facts] == [{"__entity": {"type": "Domain", "id": "general"}}]


def test_an_act_that_is_none_here_is_an_error() -> None:
    with pytest.raises(KeyError):
        asking.request(msgspec.structs.replace(POINT, act="fly"), ABOUT)


def test_a_tool_stands_under_its_server_and_that_under_its_system() -> None:
    entities = {(e["uid"]["type"], e["uid"]["id"]): e for e in asking.entities(CALL, ABOUT_CALL)}
    found = entities["Tool", "office/look"]
    assert found["parents"] == [{"type": "Server", "id": "office"}]
    assert found["attrs"]["effect"] == {"__entity": {"type": "Effect", "id": "read"}}
    server = entities["Server", "office"]["attrs"]["system"]
    assert server == {"__entity": {"type": "System", "id": "spiffe://demo.invalid/system/server"}}
    assert entities["Copy", "spiffe://demo.invalid/system/agent/copy/1"]["attrs"]["tools"] == ["*"]


def test_one_who_asks_itself_stands_once() -> None:
    same = msgspec.structs.replace(ABOUT, via=ABOUT.caller)
    uids = [(e["uid"]["type"], e["uid"]["id"]) for e in asking.entities(POINT, same)]
    assert len(uids) == len(set(uids)) == 4


def test_every_value_of_every_fact_is_a_word_of_the_schema(tmp_path: Path) -> None:
    made = load(read(write(tmp_path, base=BASE)))
    for name, values in VOCABULARY.items():
        for value in values:
            for facts, asked in ((POINT, ABOUT), (CALL, ABOUT_CALL)):
                if name == "act" and (value == Act.TOOL_CALL) != (asked is ABOUT_CALL):
                    continue
                changed: Facts = msgspec.structs.replace(facts, **{name: value})
                known = made.know(asking.entities(changed, asked))
                verdict = made.judge(asking.request(changed, asked), known)
                assert verdict.allowed, (name, value, verdict.errors)


def test_names_of_strangers_are_names(tmp_path: Path) -> None:
    made = load(read(write(tmp_path, base=BASE)))
    for server, name in itertools.product(("a", 'x"y', "n\nl", "名"), ("t", "\\", '"]', "é")):
        asked = about(tool(server=server, name=name))
        known = made.know(asking.entities(CALL, asked))
        assert made.judge(asking.request(CALL, asked), known).allowed


def test_the_key_tells_what_the_entities_depend_on() -> None:
    keys = {
        asking.key(POINT, ABOUT),
        asking.key(CALL, ABOUT_CALL),
        asking.key(CALL, about(tool(name="other"))),
        asking.key(CALL, about(msgspec.structs.replace(LOOK, effect="write"))),
    }
    assert len(keys) == 4
    assert asking.key(POINT, about(principal="x")) == asking.key(POINT, about(principal="y"))
    for changed in ({"principal": "x"}, {"stream": True}, {"language": "zh"}):
        assert asking.key(POINT, about(**changed)) != asking.key(POINT, ABOUT)
