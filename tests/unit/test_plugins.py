# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from answerable import plugins
from answerable.errors import Refused


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[EntryPoint]:
    (tmp_path / "planted_plugin.py").write_text(
        "class Good:\n    pass\n\n\nclass Bad:\n    def __init__(self):\n        1 / 0\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "planted_plugin", raising=False)
    group = "answerable.detectors"
    found = [
        EntryPoint("good", "planted_plugin:Good", group),
        EntryPoint("bad", "planted_plugin:Bad", group),
        EntryPoint("twice", "planted_plugin:Good", group),
        EntryPoint("twice", "planted_plugin:Bad", group),
        EntryPoint("gone", "planted_plugin:Nothing", group),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda group: found)
    return found


@pytest.mark.usefixtures("points")
def test_a_named_plugin_is_loaded_with_the_digest_of_its_file() -> None:
    (plugin,) = plugins.load("detectors", ["good"])
    assert type(plugin.value).__name__ == "Good"
    assert len(plugin.digest) == 64


@pytest.mark.usefixtures("points")
@pytest.mark.parametrize("name", ["bad", "twice", "gone", "unheard"])
def test_what_does_not_load_is_no_start(name: str) -> None:
    with pytest.raises(Refused) as caught:
        plugins.load("detectors", ["good", name])
    assert caught.value.code == "config.plugin"
    assert caught.value.params["name"] == name


@pytest.mark.usefixtures("points")
def test_nothing_is_loaded_that_was_not_named() -> None:
    assert plugins.load("detectors", []) == ()
