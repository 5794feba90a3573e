# SPDX-License-Identifier: Apache-2.0
"""The one catalogue of refusals: code -> rule, reason and remedy, in English and Chinese.

A code is never reused for another meaning. `codes/` holds one module for each first word of a code, so that a change
to one room touches one file. `docs/reference/errors.md` is generated from this module and a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said when a code is raised. Texts are `str.format` templates over the error's parameters.

    `http` is the status that a gateway answers with (403 and never 409 or 5xx for a refusal: clients retry those);
    `exit` is the exit status of the command line: 1 no, 2 usage, 3 not found, 4 could not check, 5 conflict.
    """

    reason: str
    reason_zh: str
    remedy: str
    remedy_zh: str
    http: int = 403
    exit: int = 1


def _load() -> dict[str, Entry]:
    from answerable.errors import codes

    merged: dict[str, Entry] = {}
    for prefix, entries in codes.ALL.items():
        for code, entry in entries.items():
            if not code.startswith(prefix + "."):
                raise RuntimeError(f"{code} stands in the module of {prefix}")
            merged[code] = entry
    return merged


CATALOGUE: Final[dict[str, Entry]] = _load()
