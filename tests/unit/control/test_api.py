# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.client
import json
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from answerable.admission import proof
from answerable.app.people import Person
from answerable.cli.client import Client
from answerable.control.api import MAX_BODY, build, failed, pattern
from answerable.control.routes import ROUTES
from answerable.control.routing import PREFIX, By
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from tests.unit.control.house import House


def plain(house: House, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("localhost", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(house.store / "control.sock"))
    connection.request(method, path, body or None, {"content-length": str(len(body)), **headers})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, json.loads(raw)


def test_nothing_but_what_says_nothing_is_open_to_whoever_reaches_the_socket(house: House) -> None:
    for route in ROUTES:
        path = PREFIX + route.path.replace("{", "").replace("}", "")
        status, answer = plain(house, route.method, path, b"{}" if route.method == "POST" else b"")
        if route.name.startswith("pulses_"):  # here no pulse is pinned, and nobody tells of orders
            assert answer["error"]["code"] in ("pulse.unpinned", "pulse.missing", "pulse.source"), route.name
        elif route.needs is By.ANYONE and route.method == "GET":
            assert status == 200, route.name
        elif route.needs is By.ANYONE:
            assert answer["error"]["code"] == "admin.request", route.name
        else:
            assert (status, answer["error"]["code"]) == (401, "admin.unsigned"), route.name


def test_web_pages_and_other_hosts_are_refused(house: House) -> None:
    assert plain(house, "GET", f"{PREFIX}/alive", origin="http://evil.example")[1]["error"]["code"] == "request.origin"
    assert plain(house, "GET", f"{PREFIX}/alive", host="evil.example")[1]["error"]["code"] == "request.host"


def test_unknown_paths_and_methods_have_the_one_shape(house: House) -> None:
    status, answer = plain(house, "GET", "/nothing")
    assert (status, answer["error"]["code"]) == (404, "admin.path")
    status, answer = plain(house, "PUT", f"{PREFIX}/alive")
    assert (status, answer["error"]["code"]) == (405, "admin.method")


def test_a_role_that_does_not_suffice_is_refused(house: House) -> None:
    with pytest.raises(Refused) as refused:
        house.post("/parties", {"id": "VATDE-1", "name": "x"}, "officer-1")
    assert refused.value.code == "admin.role"
    assert house.get("/parties", "officer-1")


def test_a_key_that_is_not_enrolled_is_refused(house: House) -> None:
    stranger = Person("mallory", house.person().kid, (), Key.generate())
    with pytest.raises(Refused) as refused:
        Client(house.store / "control.sock", house.core.origin, stranger).get(f"{PREFIX}/status")
    assert refused.value.code == "admin.unsigned"


def test_a_copys_key_is_nobody_here(house: House) -> None:
    rid, key = house.start_copy("other")
    with pytest.raises(Refused) as refused:
        Client(house.store / "control.sock", house.core.origin, Person("x", rid, (), key)).get(f"{PREFIX}/status")
    assert refused.value.code == "admin.unknown_key"


def test_a_signed_request_counts_once_and_for_its_body_alone(house: House) -> None:
    person, path, body = house.person(), f"{PREFIX}/parties", b'{"id":"VATDE-2","name":"x"}'
    made: dict[str, Any] = {
        "typ": proof.PERSON, "kid": person.kid, "origin": house.core.origin, "method": "POST", "path": path,
        "now_ms": time.time_ns() // 1_000_000,
    }  # fmt: skip
    token = {"authorization": f"Proof {proof.make(person.key, body=body, **made)}"}
    assert plain(house, "POST", path, body.replace(b"2", b"3"), **token)[1]["error"]["code"] == "admin.unsigned"
    assert plain(house, "POST", path, body, **token)[0] == 200
    assert plain(house, "POST", path, body, **token)[1]["error"]["code"] == "admin.replayed"


def test_bodies_are_bounded_and_strict(house: House) -> None:
    status, answer = plain(house, "POST", f"{PREFIX}/warrants", b"x" * (MAX_BODY + 1))
    assert (status, answer["error"]["code"]) == (413, "request.too_large")
    for body in (b"", b"[]", b"\xff", b'{"request":1,"signature":""}', b"[" * 100_000):
        status, answer = plain(house, "POST", f"{PREFIX}/warrants", body)
        assert (status, answer["error"]["code"]) == (400, "admin.request"), body[:10]
    with pytest.raises(Refused) as refused:
        house.post("/parties", {"id": "VATDE-4", "name": "x", "standing": "proven"})
    assert refused.value.code == "admin.request"


def test_who_may_ask_again_is_told_when_where_that_is_known() -> None:
    listens = failed(Unavailable("recover.unheard", nodes="berlin", retry_s=4))
    assert (listens.status_code, listens.headers["retry-after"]) == (503, "4")
    assert "retry-after" not in failed(Unavailable("recover.behind", waiting="nobody")).headers
    refused = failed(Refused("stop.system", order="o"))
    assert (refused.headers["x-should-retry"], "retry-after" in refused.headers) == ("false", False)


def test_the_last_value_of_a_path_may_hold_slashes() -> None:
    assert pattern("/systems/{system}") == "/systems/{system:path}"
    assert pattern("/systems") == "/systems"


def test_the_socket_is_for_its_owner_alone(house: House) -> None:
    assert Path(house.store / "control.sock").stat().st_mode & 0o777 == 0o600


def test_a_defect_has_a_shape_too_and_its_message_stays_out_of_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    asked = "-".join(["a", "canary"])

    def defect() -> str:
        raise ValueError(asked)

    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    path = f"{PREFIX}/metrics"
    person = house.person()
    token = proof.make(
        person.key, typ=proof.PERSON, kid=person.kid, origin=house.core.origin, method="GET", path=path, body=b"",
        now_ms=time.time_ns() // 1_000_000,
    )  # fmt: skip
    headers = [(b"host", b"localhost"), (b"authorization", f"Proof {token}".encode())]
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": headers, "root_path": "", "scheme": "http", "http_version": "1.1",
    }  # fmt: skip
    house.run(build(replace(house.services, metrics=defect))(scope, receive, send))
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["error"]["code"] == "internal.error"
    assert "ValueError in status_metrics" in caplog.text
    assert asked not in caplog.text
