# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.gateway.readiness import readiness


@pytest.mark.parametrize(
    ("parts", "status", "word"),
    [
        ({"ledger": ""}, 200, "ready"),
        ({"ledger": "", "a": "", "b": ""}, 200, "ready"),
        ({"ledger": "", "a": "upstream.unreachable", "b": ""}, 200, "degraded"),
        ({"ledger": "", "a": "upstream.unreachable", "b": "upstream.timeout"}, 503, "not ready"),
        ({"ledger": "log.stopped", "a": ""}, 503, "not ready"),
        ({"ledger": "log.stopped"}, 503, "not ready"),
        ({"ledger": "", "witnesses": "log.unwitnessed", "a": ""}, 200, "degraded"),
        ({"ledger": "", "witnesses": "log.unwitnessed"}, 200, "degraded"),
        ({"ledger": "", "witnesses": "", "a": "upstream.unreachable"}, 503, "not ready"),
        ({"ledger": "", "pulse": "pulse.missing", "a": ""}, 503, "not ready"),
        ({"ledger": "", "pulse": "", "a": "upstream.unreachable"}, 503, "not ready"),
        ({"ledger": "", "loop warrants": "internal.error", "a": ""}, 200, "degraded"),
        ({"ledger": "", "loop warrants": "internal.error"}, 200, "degraded"),
        ({"ledger": "", "a": "stop.system"}, 200, "ready"),
        ({"ledger": "", "a": "stop.system", "b": "upstream.unreachable"}, 200, "degraded"),
    ],
)
def test_who_is_worth_asking(parts: dict[str, str], status: int, word: str) -> None:
    found, body = readiness(parts)
    assert (found, body["status"]) == (status, word)
    assert body["parts"] == {part: code or "ok" for part, code in parts.items()}
