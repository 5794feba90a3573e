# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import pytest

from answerable.protocols.mcp.head import Head
from answerable.protocols.mcp.message import CALL, Message, read
from answerable.protocols.mcp.revisions import CAPABILITIES, VERSION, Revision

META = {VERSION: "2026-07-28", CAPABILITIES: {}}
OLD = Head(version="2025-11-25")


def body(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


def call(name: Any = "pay", **params: Any) -> bytes:
    return body(id=1, method=CALL, params={"name": name, **params})


def modern(name: str = "pay", **told: Any) -> Head:
    return Head(**({"version": "2026-07-28", "method": CALL, "name": name} | told))


def fault(message: Message) -> tuple[str, str]:
    assert message.fault is not None
    params = message.fault.params
    return message.fault.code, str(params.get("detail") or params.get("param") or params.get("header") or "")


def test_a_call_of_each_revision() -> None:
    for message in (
        read(call(arguments={"amount": 1}, _meta={"progressToken": 3}), OLD),
        read(call(arguments={"amount": 1}, _meta=META), modern()),
    ):
        assert message.fault is None
        assert (message.id, message.name, message.arguments, message.offered) == (1, "pay", {"amount": 1}, True)
        assert "_meta" not in message.params
    assert read(call(), OLD).arguments == {}
    assert read(call(arguments=None), OLD).arguments == {}


def test_a_batch_is_refused_whatever_is_in_it() -> None:
    for batch in (b"[]", b"[" + call() + b"]", b" \n[" + call() + b"," + call() + b"]", b"[" * 10_000):
        assert fault(read(batch, OLD)) == ("mcp.message", "a batch")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, "mcp.message"),
        ({"id": 1, "method": "ping"}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": None, "method": "ping"}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": True, "method": "ping"}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": "x" * 257, "method": "ping"}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": [], "method": "ping"}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": 1, "method": 3}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": 1, "method": ""}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": 1, "method": "x" * 129}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": 1}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}}, "mcp.message"),
        ({"jsonrpc": "2.0", "result": {}}, "mcp.message"),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "extra": 1}, "mcp.params"),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, "mcp.params"),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": 1}}, "mcp.params"),
        ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"_meta": 1}}, "mcp.params"),
        ({"jsonrpc": "2.0", "id": 1, "method": CALL, "params": {}}, "mcp.params"),
        ({"jsonrpc": "2.0", "id": 1, "method": CALL, "params": {"name": "a", "Arguments": {}}}, "mcp.params"),
        ({"jsonrpc": "2.0", "id": 1, "method": CALL, "params": {"name": "a", "arguments": [1]}}, "mcp.params"),
        ({"jsonrpc": "2.0", "id": 1, "method": CALL, "params": {"name": "a", "requestState": "x"}}, "mcp.params"),
        *(
            ({"jsonrpc": "2.0", "id": 1, "method": CALL, "params": {"name": "a", "arguments": empty}}, "mcp.params")
            for empty in ([], "", 0, False)
        ),
    ],
)
def test_what_is_no_message_is_a_fault(members: dict[str, Any], code: str) -> None:
    assert fault(read(json.dumps(members).encode(), OLD))[0] == code


@pytest.mark.parametrize("name", ["pаy", "ｐay", "pay\u200b", "pay ", "", "a" * 129, "a/b", "ﬁle", 3, None])
def test_names_that_look_like_others_are_refused(name: Any) -> None:
    message = read(call(name), OLD)
    assert fault(message) == ("mcp.params", "params.name")
    assert message.name == ""


def test_an_id_is_kept_for_the_answer_to_a_fault() -> None:
    assert read(call("pаy"), OLD).id == 1
    assert read(b'{"jsonrpc":"2.0","id":"q","method":"ping","x":1}', OLD).id == "q"
    assert read(b'{"jsonrpc":"2.0","id":7,"method":"ping","id":8}', OLD).id is None


@pytest.mark.parametrize(
    ("head", "header"),
    [
        (modern(method="tools/list"), "mcp-method"),
        (modern(method=None), "mcp-method"),
        (modern(name="read"), "mcp-name"),
        (modern(name=None), "mcp-name"),
        (modern(version="2025-11-25"), "mcp-protocol-version"),
        (modern(version=None), "mcp-protocol-version"),
    ],
)
def test_a_head_that_says_otherwise_is_refused(head: Head, header: str) -> None:
    assert fault(read(call(_meta=META), head)) == ("mcp.mismatch", header)


def test_a_head_of_the_older_revision_may_be_silent_and_not_lie() -> None:
    assert read(call(), OLD).fault is None
    assert fault(read(call(), Head(version="2025-11-25", name="read"))) == ("mcp.mismatch", "mcp-name")
    assert fault(read(call(), Head(version="2025-11-25", method="tools/list"))) == ("mcp.mismatch", "mcp-method")


def test_the_stateless_revision_says_what_it_is_each_time() -> None:
    assert fault(read(call(), modern())) == ("mcp.params", f"params._meta.{VERSION}")
    assert fault(read(call(_meta={VERSION: "2026-07-28"}), modern())) == ("mcp.params", f"params._meta.{CAPABILITIES}")
    assert fault(read(call(_meta={**META, VERSION: "2025-11-25"}), modern()))[0] == "mcp.mismatch"


@pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18", "DRAFT-2026", "1900-01-01"])
def test_other_revisions_are_named_and_refused(version: str) -> None:
    message = read(call(), Head(version=version))
    assert message.fault is not None
    assert message.fault.code == "mcp.version"
    assert "2026-07-28, 2025-11-25" in str(message.fault)
    assert message.fault.params["requested"] == (version if version[0] in "12" else "?")


def test_a_silent_head_is_an_older_revision_than_we_speak() -> None:
    assert fault(read(call(), Head()))[0] == "mcp.version"


def test_the_handshake_is_of_the_older_revision_alone() -> None:
    shake = body(id=0, method="initialize", params={"protocolVersion": "x", "capabilities": {}, "clientInfo": {}})
    for head in (Head(), OLD):
        message = read(shake, head)
        assert (message.fault, message.revision, message.offered) == (None, Revision.SESSIONS, True)
    assert fault(read(shake, Head(version="2026-07-28", method="initialize")))[0] == "mcp.params"
    bare = body(id=0, method="initialize", params={"_meta": META})
    message = read(bare, Head(version="2026-07-28", method="initialize"))
    assert (message.fault, message.offered) == (None, False)


def test_notifications_and_answers() -> None:
    told = read(body(method="notifications/initialized"), OLD)
    assert (told.fault, told.notifies) == (None, True)
    answer = read(body(id="q", result={"action": "accept"}), OLD)
    assert (answer.fault, answer.answer, answer.id, answer.notifies) == (None, {"action": "accept"}, "q", False)
    assert read(body(id="q", error={"code": 1, "message": ""}), OLD).answer == {}
    assert fault(read(body(id="q", result={}), Head(version="2026-07-28")))[0] == "mcp.message"


def test_other_methods_are_understood_and_not_offered() -> None:
    for method in ("resources/list", "prompts/get", "completion/complete", "logging/setLevel", "tasks/get", "tools/x"):
        message = read(body(id=1, method=method, params={"anything": 1}), OLD)
        assert (message.fault, message.offered) == (None, False)
