# SPDX-License-Identifier: Apache-2.0
"""What ``GET /readyz`` tells: whether calls are worth sending here, and what ails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LEDGER: Final = "ledger"
WITNESSES: Final = "witnesses"


def readiness(parts: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """HTTP status and body. parts: part of the service, of which all but the ledger and the witnesses are models ->
    code of what ails it, "" if nothing does. Without its ledger nothing can be done, nor without any model; what an
    order stopped is shown, and what witnesses did not cosign, and keeps nobody from going on with the rest."""
    ailing = {part for part, code in parts.items() if code and not code.startswith("stop.")}
    models = parts.keys() - {LEDGER, WITNESSES}
    ready = LEDGER not in ailing and not (models and models <= ailing)
    status = "not ready" if not ready else "degraded" if ailing else "ready"
    return 200 if ready else 503, {"status": status, "parts": {part: code or "ok" for part, code in parts.items()}}
