# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.errors import CATALOGUE, AnswerableError, Refused, Unavailable
from answerable.protocols.mcp import errors
from answerable.protocols.mcp.revisions import Revision


@pytest.mark.parametrize(
    ("error", "number", "modern", "old"),
    [
        (Refused("request.malformed", detail="x"), -32700, 400, 400),
        (Refused("request.too_large", limit=1), -32600, 413, 413),
        (Refused("mcp.message", detail="x"), -32600, 400, 400),
        (Refused("mcp.params", param="x", expected="y"), -32602, 400, 200),
        (Refused("mcp.method", offered="x"), -32601, 404, 200),
        (Refused("mcp.mismatch", header="x", expected="y"), -32020, 400, 400),
        (Refused("mcp.version", requested="x", supported="y"), -32022, 400, 400),
        (Refused("mcp.session"), 404, 404, 404),
        (Refused("warrant.missing"), 401, 401, 401),
        (Refused("tool.unknown", tool="a/b"), -32602, 200, 200),
        (Unavailable("internal.error", incident="x"), -32603, 200, 200),
    ],
)
def test_faults_of_the_request_are_errors_of_json_rpc(
    error: AnswerableError, number: int, modern: int, old: int
) -> None:
    assert errors.of_request(error)
    assert errors.code(error) == number
    assert errors.status(error, Revision.STATELESS) == modern
    assert errors.status(error, Revision.SESSIONS) == old


@pytest.mark.parametrize("code", ["policy.refused", "warrant.tool", "stop.system", "tool.changed", "hold.rejected"])
def test_refusals_of_the_call_are_results(code: str) -> None:
    assert not errors.of_request(Refused(code))


def test_no_number_stands_in_the_range_that_is_the_specifications() -> None:
    for code in CATALOGUE:
        number = errors.code(AnswerableError(code))
        assert number in (-32700, -32600, -32601, -32602, -32603, -32020, -32022) or 200 <= number < 600


def test_the_words_are_in_the_callers_language() -> None:
    error = Refused("mcp.session")
    english, chinese = errors.error_object(error, "en", "r" * 32), errors.error_object(error, "zh")
    assert english["message"] == f"mcp.session: {error.reason()} {error.remedy()}"
    assert english["data"] == {
        "code": "mcp.session",
        "reason": error.reason(),
        "remedy": error.remedy(),
        "doc": "docs/reference/errors.md#mcpsession",
        "record": "r" * 32,
    }
    assert chinese["data"]["reason"] == error.reason("zh") != error.reason()
    assert "record" not in chinese["data"]


def test_a_revision_that_is_not_spoken_is_answered_with_those_that_are() -> None:
    body = errors.error_object(Refused("mcp.version", requested="?", supported="x"), "en", requested="1900-01-01")
    assert body["data"]["supported"] == ["2026-07-28", "2025-11-25"]
    assert body["data"]["requested"] == "1900-01-01"
