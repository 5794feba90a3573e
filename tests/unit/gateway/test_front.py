# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.gateway.front import MAX_HOSTS, Front, credential
from answerable.model.terms import Criticality, DataClass, World
from answerable.model.warrants import Peer

FRONT = Front(["gate.example"], ["https://app.example"], DataClass.INTERNAL)


def asked(*headers: tuple[bytes, bytes]) -> Any:
    """Of a request what is looked at."""
    return SimpleNamespace(headers=list(headers), connection=SimpleNamespace(peer=Peer(address="10.0.0.9")))


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:8400", b"[::1]:1", b"Gate.Example:443", b"gate.example"])
def test_hosts_that_are_ours(host: bytes) -> None:
    FRONT.check({b"host": host})


@pytest.mark.parametrize("host", [b"", b"evil.example", b"127.0.0.1.evil.example", b"localhost:80:80", b"[::1", b"::1"])
def test_hosts_that_are_not(host: bytes) -> None:
    with pytest.raises(Refused) as caught:
        FRONT.check({b"host": host})
    assert caught.value.code == "request.host"


def test_ways_to_write_our_names_are_remembered_and_bounded() -> None:
    front = Front((), (), DataClass.OPEN)
    for port in range(2 * MAX_HOSTS):
        front.check({b"host": b"localhost:%d" % port})
        with pytest.raises(Refused):
            front.check({b"host": b"evil.example:%d" % port})
    assert len(front._hosts) == MAX_HOSTS


def test_origins() -> None:
    FRONT.check({b"host": b"localhost", b"origin": b"https://app.example"})
    for origin in (b"null", b"", b"https://app.example.evil"):
        with pytest.raises(Refused):
            FRONT.check({b"host": b"localhost", b"origin": origin})


@pytest.mark.parametrize(
    "name", [b"mcp-method", b"mcp-name", b"mcp-protocol-version", b"mcp-session-id", b"mcp-param-x"]
)
def test_what_repeats_a_message_stands_once(name: bytes) -> None:
    with pytest.raises(Refused):
        FRONT.headers(asked((name, b"a"), (name, b"b")))


def test_a_header_that_stands_twice_is_refused() -> None:
    with pytest.raises(Refused):
        FRONT.headers(asked((b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")))
    assert FRONT.headers(asked((b"accept", b"a"), (b"accept", b"b"), (b"host", b"c")))[b"host"] == b"c"


def test_our_own_headers() -> None:
    said = FRONT.said(
        {
            b"answerable-data-class": b"Confidential",
            b"answerable-world": b"physical",
            b"answerable-criticality": b"sensitive",
            b"answerable-principal": "王".encode(),
            b"answerable-hold": b"r" * 32,
        }
    )
    assert (said.data_class, said.world, said.criticality) == (
        DataClass.CONFIDENTIAL,
        World.PHYSICAL,
        Criticality.SENSITIVE,
    )
    assert (said.principal, said.hold, said.fault) == ("王", "r" * 32, None)
    assert FRONT.said({}).data_class is DataClass.INTERNAL


@pytest.mark.parametrize(
    "headers",
    [
        {b"answerable-world": b"lunar"},
        {b"answerable-data-class": b"\xff"},
        {b"answerable-principal": b"\xff"},
        {b"answerable-hold": b"x" * 300},
        {b"answerable-hold": b"what the caller would like to read in the log"},
    ],
)
def test_what_is_not_known_is_a_fault_and_never_a_guess(headers: dict[bytes, bytes]) -> None:
    fault = FRONT.said(headers).fault
    assert fault is not None
    assert fault.code == "request.header"


def test_compressed_bodies_are_a_fault() -> None:
    fault = FRONT.said({b"content-encoding": b"gzip"}).fault
    assert fault is not None
    assert fault.code == "request.encoding"
    assert FRONT.said({b"content-encoding": b"identity"}).fault is None


def test_the_credential_and_where_it_came_from() -> None:
    found = credential(asked(), {b"authorization": b"bearer ans_x"})
    assert (found.value, found.peer) == ("ans_x", Peer(address="10.0.0.9"))
    assert "ans_x" not in repr(found)
    for other in (b"Basic abc", b"", b"Bearer " + b"x" * 30_000, b"Bearer \xff"):
        assert credential(asked(), {b"authorization": other}).value == ""


@pytest.mark.parametrize("text", [b"Li Lei, 13800138000", b"R" * 32, b"r" * 31, "记录".encode()])
def test_a_hold_is_a_record_id_and_no_free_text_for_the_log(text: bytes) -> None:
    said = FRONT.said({b"answerable-hold": text})
    assert said.hold == ""
    assert said.fault is not None
    assert said.fault.code == "request.header"


def test_an_envelope_is_taken_beside_its_warrant_as_it_stands_and_only_once() -> None:
    given = {b"authorization": b"Bearer w", b"answerable-envelope": b"a.b.c"}
    found = credential(asked(), given)
    assert (found.value, found.envelope) == ("w", "a.b.c")
    assert "a.b.c" not in repr(found)
    for other in (b"x" * 30_000, b"\xff"):
        assert credential(asked(), {**given, b"answerable-envelope": other}).envelope == ""
    assert credential(asked(), {b"answerable-envelope": b"a.b.c"}).envelope == "", "nothing stands on it"
    with pytest.raises(Refused, match=r"request\.header"):
        FRONT.headers(asked((b"answerable-envelope", b"a"), (b"answerable-envelope", b"b")))
