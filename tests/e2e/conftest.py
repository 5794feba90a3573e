# SPDX-License-Identifier: Apache-2.0
"""Running demos. `demo` is shared by all tests that stop nothing; who stops things asks for `own_demo`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from openai import OpenAI

from tests.e2e.running import Demo
from tests.e2e.upstream import Upstream, friendly


@dataclass(frozen=True, slots=True)
class Brief:
    """A handle of the shortest life, issued when the demo came up; dead: the time.monotonic() of its end."""

    value: str
    dead: float


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo with its real local models."""
    running = Demo(tmp_path_factory.mktemp("demo") / "store")
    try:
        yield running
    finally:
        running.end()


@pytest.fixture(scope="session")
def brief(demo: Demo) -> Brief:
    value, _ = demo.issue(life_ms=60_000)
    return Brief(value, time.monotonic() + 60.5)


@pytest.fixture(scope="session", autouse=True)
def _brief_from_the_start(request: pytest.FixtureRequest) -> None:
    """A minute is long: it begins to run with the first test that needs the demo, not with the one that waits."""
    if any("brief" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("brief")


@pytest.fixture
def client(demo: Demo) -> Iterator[OpenAI]:
    """The SDK as its user makes it: a base URL and a key."""
    with OpenAI(base_url=demo.gateway, api_key=demo.handle) as made:
        yield made


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Starts demos of a test's own; each is ended, and its end looked at, when the test is over."""
    running: list[Demo] = []

    def make(*options: str, store: Path | None = None, prefix: tuple[str, ...] = ()) -> Demo:
        made = Demo(store or tmp_path / "store", *options, prefix=prefix)
        running.append(made)
        return made

    yield make
    for each in running:
        if each.process.poll() is None:
            each.end()


@pytest.fixture
def own_demo(start: Callable[..., Demo]) -> Demo:
    """A demo with its real local models that nobody else uses."""
    return start()


@pytest.fixture(scope="session")
def _upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.close()


@pytest.fixture
def scripted_upstream(_upstream: Upstream) -> Upstream:
    """A scripted upstream (shared), which is friendly again for each test."""
    _upstream.answer = friendly
    _upstream.asked.clear()
    _upstream.heads.clear()
    return _upstream


@pytest.fixture(scope="session")
def _scripted(_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Upstream]]:
    store = tmp_path_factory.mktemp("scripted") / "store"
    running = Demo(store, "--url", _upstream.url, "--model", "scripted", "--locality", "local")
    try:
        yield running, _upstream
    finally:
        running.end()


@pytest.fixture
def scripted(_scripted: tuple[Demo, Upstream], scripted_upstream: Upstream) -> tuple[Demo, Upstream]:
    """A demo over a scripted upstream, both shared."""
    return _scripted[0], scripted_upstream
