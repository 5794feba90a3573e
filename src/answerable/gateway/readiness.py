# SPDX-License-Identifier: Apache-2.0
"""What ``GET /readyz`` tells: whether calls are worth sending here, and what ails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LEDGER: Final = "ledger"
WITNESSES: Final = "witnesses"
ADMISSION: Final = "admission"
CONTROL: Final = "control plane"
DRILLS: Final = "drills"
PULSE: Final = "pulse"
SERVER: Final = "server "  # before the name of a tool server
LOOP: Final = "loop "  # before the name of what goes on beside the answers
# Without these nothing can be done; these ailing keeps nobody from going on with the rest.
_NEEDED: Final = frozenset({LEDGER, ADMISSION, PULSE})
_BESIDE: Final = frozenset({WITNESSES, CONTROL, DRILLS})


def readiness(parts: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """HTTP status and body. parts: part of the service -> code of what ails it, "" if nothing does; all but those named
    here, tool servers and loops are models. Without its ledger nothing can be done, nor where nothing is admitted at
    all, nor without any model; what an order stopped is shown, and what witnesses did not cosign, and keeps nobody from
    going on with the rest."""
    ailing = {part for part, code in parts.items() if code and not code.startswith("stop.")}
    models = {part for part in parts.keys() - _NEEDED - _BESIDE if not part.startswith((SERVER, LOOP))}
    ready = not ailing & _NEEDED and not (models and models <= ailing)
    status = "not ready" if not ready else "degraded" if ailing else "ready"
    return 200 if ready else 503, {"status": status, "parts": {part: code or "ok" for part, code in parts.items()}}
