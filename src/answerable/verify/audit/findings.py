# SPDX-License-Identifier: Apache-2.0
"""What a monitor found: a code of the catalogue (`monitor.*`), where, and in words of both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from answerable.errors import VerificationError


@dataclass(frozen=True, slots=True)
class Finding:
    """index: of the leaf, None where it is none's; rid: its record id, "" likewise; at: ms UTC of that leaf, else of
    the finding; params: what the words are filled with."""

    code: str
    at: int
    index: int | None = None
    rid: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """One JSON shape; `reason` and `remedy` in English, `reason_zh` and `remedy_zh` in Chinese."""
        error = self._error()
        return {
            "code": self.code,
            "index": self.index,
            "rid": self.rid,
            "at": self.at,
            "params": {key: value for key, value in self.params.items() if key != "index"},
            "reason": error.reason(),
            "remedy": error.remedy(),
            "reason_zh": error.reason("zh"),
            "remedy_zh": error.remedy("zh"),
        }

    def reason(self, lang: str = "en") -> str:
        return self._error().reason(lang)

    def remedy(self, lang: str = "en") -> str:
        return self._error().remedy(lang)

    def _error(self) -> VerificationError:
        return VerificationError(self.code, **{"index": self.index, **self.params})
