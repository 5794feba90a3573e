# SPDX-License-Identifier: Apache-2.0
"""How many faults were tried, how many lost something, and what that says: the 95 % upper bound of Clopper and Pearson
(1934), which for no loss among n is 1 - 0.05 ** (1 / n), the "rule of three"."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb

DOUBT = 0.05


@dataclass(slots=True)
class Line:
    tried: int = 0
    lost: int = 0
    acknowledged: int = 0


@dataclass(slots=True)
class Tally:
    lines: dict[str, Line] = field(default_factory=dict)

    def count(self, kind: str, *, lost: bool = False, acknowledged: int = 0) -> None:
        """One trial: a fault, after which everything was looked at. acknowledged: records that had to be there."""
        self.add(kind, 1, int(lost), acknowledged)

    def add(self, kind: str, tried: int, lost: int, acknowledged: int) -> None:
        """So many trials, wherever they were made."""
        line = self.lines.setdefault(kind, Line())
        line.tried += tried
        line.lost += lost
        line.acknowledged += acknowledged

    def table(self) -> list[str]:
        rows = [("fault", "tried", "lost", "records that had to be there", "95 % upper bound of a loss")]
        rows += [
            (kind, str(x.tried), str(x.lost), str(x.acknowledged), f"{100 * upper(x.lost, x.tried):.2f} %")
            for kind, x in sorted(self.lines.items())
        ]
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def upper(lost: int, tried: int) -> float:
    """The largest chance of a loss under which seeing `lost` or fewer in `tried` is not rarer than 5 %."""
    if lost >= tried:
        return 1.0
    if not lost:
        return 1 - DOUBT ** (1 / tried)
    low, high = lost / tried, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        seen = sum(comb(tried, k) * middle**k * (1 - middle) ** (tried - k) for k in range(lost + 1))
        low, high = (middle, high) if seen > DOUBT else (low, middle)
    return high


TALLY = Tally()
