# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.config import Config, load, show
from answerable.errors import Refused
from answerable.model.terms import Locality

HOME = {"HOME": "/home/somebody"}


def test_defaults_need_no_file() -> None:
    loaded = load(environ=HOME)
    assert loaded.config.gateway.host == "127.0.0.1"
    assert loaded.config.store_path == Path("/home/somebody/.local/share/answerable")
    assert loaded.config.socket_path == loaded.config.store_path / "control.sock"
    assert loaded.config.guard_path.parent == loaded.config.store_path.parent
    assert loaded.origin("gateway.host") == "default"


def test_flag_beats_environment_beats_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[gateway]\nport = 1\nmax_body = 10\nhost = "::1"\n')
    env = HOME | {"ANSWERABLE_GATEWAY_PORT": "2", "ANSWERABLE_GATEWAY_MAX_BODY": "20"}
    loaded = load(file, env, {"gateway.port": 3, "gateway.deadline_s": None})
    assert (loaded.config.gateway.port, loaded.config.gateway.max_body, loaded.config.gateway.host) == (3, 20, "::1")
    assert loaded.origin("gateway.port") == "flag"
    assert loaded.origin("gateway.max_body") == "environment ANSWERABLE_GATEWAY_MAX_BODY"
    assert loaded.origin("gateway.host").startswith("file ")
    assert loaded.config.gateway.deadline_s == 600.0


def test_lists_in_the_environment_are_separated_by_commas() -> None:
    assert load(environ=HOME | {"ANSWERABLE_DETECTORS_USE": "a,b"}).config.detectors.use == ("a", "b")
    assert load(environ=HOME | {"ANSWERABLE_DETECTORS_USE": ""}).config.detectors.use == ()


def test_upstreams_are_named_tables(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[upstreams.mine]\nurl = "https://models.example/v1"\nsystem = "m"\nlocality = "private"\n')
    upstream = load(file, HOME).config.upstreams["mine"]
    assert (upstream.url, upstream.locality, upstream.kind) == ("https://models.example/v1", Locality.PRIVATE, "openai")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[gateway]\nprot = 1\n", "config.unknown"),
        ("[gatewy]\nport = 1\n", "config.unknown"),
        ("[upstreams.x]\nsecret = 'abc'\n", "config.unknown"),
        ("[gateway]\nport = 'many'\n", "config.value"),
        ("gateway = 3\n", "config.value"),
        ("[gateway\n", "config.syntax"),
    ],
)
def test_what_is_wrong_is_no_start(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(Refused) as caught:
        load(file, HOME)
    assert caught.value.code == code
    assert caught.value.exit == 2


def test_a_misspelt_variable_is_no_start() -> None:
    with pytest.raises(Refused, match=r"config\.unknown"):
        load(environ=HOME | {"ANSWERABLE_GATEWAY_PROT": "1"})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"config\.missing"):
        load(tmp_path / "none.toml", HOME)


def test_show_lists_every_setting_with_its_origin() -> None:
    rows = show(load(environ=HOME, flags={"store.queue": 5}))
    assert ("store.queue", 5, "flag") in rows
    sections = {row[0].split(".")[0] for row in rows}
    assert sections == set(Config.__struct_fields__)
