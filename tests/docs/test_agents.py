# SPDX-License-Identifier: Apache-2.0
"""What docs/howto/agents.md says of each framework is what `make test-frameworks` runs: its driver's own lines."""

from __future__ import annotations

import re

from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "howto" / "agents.md"
DRIVERS = ROOT / "tests" / "frameworks" / "drivers"
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_the_snippets_are_the_drivers_own_lines() -> None:
    drivers = {path.stem: lines(path.read_text(encoding="utf-8")) for path in DRIVERS.glob("with_*.py")}
    homes = []
    for snippet in SNIPPET.findall(PAGE.read_text(encoding="utf-8")):
        said = lines(snippet)
        found = [name for name, driver in drivers.items() if all(line in driver for line in said)]
        assert len(found) == 1, said
        homes += found
    assert sorted(homes) == sorted(drivers), "one for each framework"
