# SPDX-License-Identifier: Apache-2.0
"""Folders of Cedar policies to load, as files in a test's own folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BASE = """\
@id("base")
permit (principal, action, resource);
"""
# By whom, through what, with what: a rule for each.
HOUSE = """\
// The house's own rules; "quoted; text" ends nothing.
@id("no-agents-of-the-lab")
@reason("The lab's agents are not ready.")
@reason_zh("实验室智能体尚未就绪。")
@remedy("Ask the lab; \\"soon\\".")
forbid (principal in Group::"lab", action, resource);

@id("no-writing-by-night") @reason("Nobody looks at night.")
forbid (
  principal,
  action == Action::"call",
  resource is Tool in Server::"office"
)
when { context.facts.effect != Effect::"read" };

@id("publication-is-seen")
@hold("2") @role("officer")
forbid (principal, action == Action::"generate", resource)
when { context.facts.audience == Audience::"public" && context.facts.named };
"""
ENTITIES = [
    {"uid": {"type": "Group", "id": "lab"}},
    {"uid": {"type": "System", "id": "spiffe://demo.invalid/system/labagent"},
     "parents": [{"type": "Group", "id": "lab"}]},
]  # fmt: skip


def write(folder: Path, entities: Any = None, schema: str = "", **policies: str) -> Path:
    """Policies by the name of their file, without the ending."""
    folder.mkdir(exist_ok=True)
    for name, text in policies.items():
        (folder / f"{name}.cedar").write_text(text, encoding="utf-8")
    if entities is not None:
        (folder / "entities.json").write_text(json.dumps(entities), encoding="utf-8")
    if schema:
        (folder / "schema.cedarschema").write_text(schema, encoding="utf-8")
    return folder


def house(folder: Path) -> Path:
    return write(folder, ENTITIES, base=BASE, house=HOUSE)
