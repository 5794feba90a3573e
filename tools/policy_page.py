# SPDX-License-Identifier: Apache-2.0
"""docs/reference/policy.md: the words of `policy_page.md`, and in it the tables as the code has them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from answerable.cedar import schema
from answerable.policy import reference

ROOT: Final = Path(__file__).resolve().parent.parent
EXAMPLE: Final = ROOT / "examples" / "policy"


def page() -> str:
    text = Path(__file__).with_suffix(".md").read_text(encoding="utf-8").partition("\n")[2]
    parts = {
        "facts": reference.vocabulary(),
        "rules": reference.rules(),
        "domains": reference.rows(),
        "example": _example(),
        "schema": [schema.text().rstrip("\n")],
    }
    for name, lines in parts.items():
        text = text.replace(f"{{{{{name}}}}}", "\n".join(lines))
    return text


def _example() -> list[str]:
    out = []
    for file in sorted(EXAMPLE.iterdir()):
        if not file.name.startswith("README"):
            out += [f"`{file.name}`", "", "```", file.read_text(encoding="utf-8").rstrip("\n"), "```", ""]
    return out
