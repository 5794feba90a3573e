# SPDX-License-Identifier: Apache-2.0
"""Counters, gauges and histograms, written in Prometheus' text format 0.0.4.

Small and our own because it stands in the hot path: counting is a dictionary update, and the number of series is
bounded so that no caller can fill memory by inventing label values.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final, TypeVar

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
MAX_SERIES: Final = 1000  # of one family; what comes after is counted under "other"
SECONDS: Final = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

Values = tuple[str, ...]


class Counter:
    """Something that only grows, by label values."""

    kind: Final = "counter"

    def __init__(self, name: str, text: str, labels: Values = ()) -> None:
        self.name = name
        self.text = text
        self._labels = labels
        self._series: dict[Values, float] = {} if labels else {(): 0}

    def add(self, values: Values = (), by: float = 1) -> None:
        """values: one for each label, in their order."""
        series = self._series
        if values in series:
            series[values] += by
        elif len(series) < MAX_SERIES:
            series[values] = by
        else:
            other = ("other",) * len(values)
            series[other] = series.get(other, 0) + by

    def value(self, values: Values = ()) -> float:
        return self._series.get(values, 0)

    def lines(self) -> list[str]:
        return [f"{self.name}{_labels(self._labels, v)} {_number(n)}" for v, n in sorted(self._series.items())]


class Gauge:
    """Something that is read when it is asked for."""

    kind: Final = "gauge"

    def __init__(self, name: str, text: str, read: Callable[[], float]) -> None:
        self.name = name
        self.text = text
        self._read = read

    def lines(self) -> list[str]:
        return [f"{self.name} {_number(self._read())}"]


class Distribution:
    """One series of a histogram."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def observe_all(self, values: list[float]) -> None:
        """Many at once: sorted in place, then counted a bound at a time."""
        values.sort()
        below = 0
        for place, bound in enumerate(self._bounds):
            upto = bisect_right(values, bound, below)
            self.counts[place] += upto - below
            below = upto
        self.counts[-1] += len(values) - below
        self.total += sum(values)


class Histogram:
    """How often which size came, by label values that the program fixes beforehand."""

    kind: Final = "histogram"

    def __init__(self, name: str, text: str, labels: Values = (), bounds: tuple[float, ...] = SECONDS) -> None:
        self.name = name
        self.text = text
        self._labels = labels
        self._bounds = bounds
        self._series: dict[Values, Distribution] = {}

    def of(self, *values: str) -> Distribution:
        """The series of these label values; keep it where it is used often."""
        return self._series.setdefault(values, Distribution(self._bounds))

    def lines(self) -> list[str]:
        lines: list[str] = []
        for values, series in sorted(self._series.items()):
            below = 0
            for bound, count in zip((*map(_number, self._bounds), "+Inf"), series.counts, strict=True):
                below += count
                lines.append(f"{self.name}_bucket{_labels((*self._labels, 'le'), (*values, bound))} {below}")
            lines.append(f"{self.name}_sum{_labels(self._labels, values)} {_number(series.total)}")
            lines.append(f"{self.name}_count{_labels(self._labels, values)} {below}")
        return lines


Family = Counter | Gauge | Histogram
F = TypeVar("F", Counter, Gauge, Histogram)


class Metrics:
    """The families of one process."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}
        self.before: list[Callable[[], None]] = []  # called before the page is written: who has something to add yet

    def counter(self, name: str, text: str, labels: Values = ()) -> Counter:
        return self._add(Counter(name, text, labels))

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> Gauge:
        return self._add(Gauge(name, text, read))

    def histogram(self, name: str, text: str, labels: Values = (), bounds: tuple[float, ...] = SECONDS) -> Histogram:
        return self._add(Histogram(name, text, labels, bounds))

    def render(self) -> bytes:
        """Everything, in the text format."""
        for settle in self.before:
            settle()
        lines: list[str] = []
        for family in self._families.values():
            lines += [f"# HELP {family.name} {family.text}", f"# TYPE {family.name} {family.kind}", *family.lines()]
        return ("\n".join(lines) + "\n").encode()

    def _add(self, family: F) -> F:
        if family.name in self._families:
            raise ValueError(f"the metric {family.name} is there already")
        self._families[family.name] = family
        return family


def _labels(names: Values, values: Values) -> str:
    if not names:
        return ""
    pairs = (f'{name}="{_escape(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
