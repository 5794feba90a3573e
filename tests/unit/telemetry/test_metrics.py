# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.telemetry.metrics import MAX_SERIES, Metrics


def test_the_text_format() -> None:
    metrics = Metrics()
    counter = metrics.counter("a_total", "Things.", ("kind",))
    counter.add(('we"ird\n',))
    counter.add(("b",), 2.5)
    metrics.gauge("g", "Now.", lambda: 7)
    series = metrics.histogram("h", "Sizes.", ("step",), (0.1, 1)).of("call")
    for value in (0.05, 0.5, 5):
        series.observe(value)
    assert metrics.render().decode().splitlines() == [
        "# HELP a_total Things.",
        "# TYPE a_total counter",
        'a_total{kind="b"} 2.5',
        'a_total{kind="we\\"ird\\n"} 1',
        "# HELP g Now.",
        "# TYPE g gauge",
        "g 7",
        "# HELP h Sizes.",
        "# TYPE h histogram",
        'h_bucket{step="call",le="0.1"} 1',
        'h_bucket{step="call",le="1"} 2',
        'h_bucket{step="call",le="+Inf"} 3',
        'h_sum{step="call"} 5.55',
        'h_count{step="call"} 3',
    ]


def test_series_are_bounded() -> None:
    counter = Metrics().counter("a_total", "Things.", ("kind",))
    for number in range(MAX_SERIES + 50):
        counter.add((str(number),))
    assert counter.value(("other",)) == 50
    assert len(counter.lines()) == MAX_SERIES + 1


def test_a_name_is_used_once() -> None:
    metrics = Metrics()
    metrics.counter("a", "x")
    with pytest.raises(ValueError):
        metrics.counter("a", "x")


def test_many_observations_at_once_are_those_one_by_one() -> None:
    metrics = Metrics()
    histogram = metrics.histogram("h", "Sizes.", ("way",), (0.1, 1, 10))
    values = [0.0, 0.1, 0.100001, 5, 1, 1, 11, 10, 0.05]
    for value in values:
        histogram.of("single").observe(value)
    histogram.of("many").observe_all(list(values))
    assert histogram.of("many").counts == histogram.of("single").counts
    assert histogram.of("many").total == pytest.approx(histogram.of("single").total)


def test_who_has_something_to_add_is_asked_before_the_page_is_written() -> None:
    metrics = Metrics()
    counter = metrics.counter("a_total", "x")
    metrics.before.append(counter.add)
    assert "a_total 1" in metrics.render().decode()
