# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.protocols.mcp import head
from answerable.protocols.mcp.head import read, same, text


def test_what_is_not_there_is_none() -> None:
    told = read({b"host": b"x"})
    assert (told.version, told.method, told.name, told.session, told.params, told.fault) == (
        None, None, None, None, {}, None,
    )  # fmt: skip


def test_the_headers_of_the_specification() -> None:
    told = read(
        {
            head.VERSION: b"2026-07-28",
            head.METHOD: b"tools/call",
            head.NAME: b"get_weather",
            head.SESSION: b"abc",
            b"mcp-param-region": b"us-west1",
        }
    )
    assert (told.version, told.method, told.name, told.session) == ("2026-07-28", "tools/call", "get_weather", "abc")
    assert told.params == {"region": "us-west1"}


# Streamable HTTP, "Value Encoding": the table of examples.
@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"us-west1", "us-west1"),
        (b"=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"),
        (b"=?base64?IHBhZGRlZCA=?=", " padded "),
        (b"=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
        (b"=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="),
    ],
)
def test_values_are_decoded(written: bytes, value: str) -> None:
    assert read({head.NAME: written}).name == value
    assert read({b"mcp-param-x": written}).params == {"x": value}


@pytest.mark.parametrize(
    "written", [b"caf\xe9", b"a\x00b", b"=?base64?!!!?=", b"=?base64?/w==?=", b"=?base64?YQ?=", b"x" * 4_097]
)
def test_a_header_that_cannot_be_read_is_a_fault(written: bytes) -> None:
    told = read({head.NAME: written})
    assert told.fault is not None
    assert told.fault.code == "mcp.mismatch"
    assert told.fault.params["header"] == "mcp-name"


def test_arguments_in_headers() -> None:
    assert [text(value) for value in ("a", 42, True, False, None, 1.5, [])] == [
        "a", "42", "true", "false", None, None, None,
    ]  # fmt: skip
    assert same("42.0", 42)
    assert same("true", True)
    assert not same("1", True)
    assert not same("43", 42)
    assert not same("nan", 42)
    assert not same("x", None)
    assert not same("42", "042")
