# SPDX-License-Identifier: Apache-2.0
"""Where the database is, without a secret in it."""

from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.stores.postgres.address import parse

HERE = "postgresql://answerable@/records?host=/run/postgresql"


def test_what_the_driver_is_given() -> None:
    address = parse(HERE, schema="log", password=b"secret\n", environ={})
    assert address.options() == {"dsn": HERE, "password": "secret"}
    assert address.payload_schema == "log_payloads"
    assert "secret" not in repr(address)
    assert parse(HERE, environ={}).options() == {"dsn": HERE}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (HERE, "/run/postgresql/records (answerable)"),
        ("postgres://u@localhost:5433/x", "localhost:5433/x (answerable)"),
        ("postgresql:///x", "local/x (answerable)"),
    ],
)
def test_messages_name_the_server_and_no_role(url: str, server: str) -> None:
    assert parse(url, environ={}).server == server


@pytest.mark.parametrize(
    ("url", "more", "why"),
    [
        ("mysql://x", {}, "postgresql://"),
        ("postgresql://u:p@/x", {}, "password"),
        ("postgresql:///x?password=p", {}, "password"),
        ("postgresql:///x", {"schema": 'a"b'}, "schema"),
        ("postgresql:///x", {"schema": "a" * 42}, "schema"),
        ("postgresql:///x", {"password": b""}, "password_file"),
        ("postgresql:///x", {"password": b"two\nlines"}, "password_file"),
        ("postgresql:///x", {"password": b"\xff"}, "password_file"),
        ("postgresql:///x", {"environ": {"PGPASSWORD": "p"}}, "PGPASSWORD"),
        ("postgresql://db.example/x", {}, "verify-full"),
        ("postgresql:///x", {"environ": {"PGHOST": "db.example"}}, "verify-full"),
        ("postgresql:///x?service=a", {}, "service"),
        ("postgresql:///x", {"environ": {"PGSERVICE": "a"}}, "service"),
        ("postgresql://127.0.0.1,db.example/x", {}, "verify-full"),
        ("postgresql://db.example/x?sslmode=require", {}, "verify-full"),
        ("postgresql:///x?host=10.0.0.1", {}, "verify-full"),
    ],
)
def test_what_is_refused(url: str, more: dict[str, object], why: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(url, **({"environ": {}} | more))  # type: ignore[arg-type]
    assert refused.value.code == "config.value"
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example/x?sslmode=verify-full",
        "postgresql://127.0.0.1:5432/x",
        "postgresql://[::1]:5432/x",
        "postgresql://localhost/x",
        "postgresql://%2Frun%2Fpostgresql/x",
    ],
)
def test_a_connection_that_is_checked_or_stays_here(url: str) -> None:
    assert parse(url, environ={}).url == url


def test_the_unsafe_way_is_named() -> None:
    assert parse("postgresql://db.example/x", unsafe=True, environ={}).unsafe
