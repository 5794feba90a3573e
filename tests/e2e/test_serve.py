# SPDX-License-Identifier: Apache-2.0
"""A store of one's own: init, register, configure, serve; and what `serve` refuses."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from answerable.registry.ids import unassigned_lei
from tests.e2e.places import ANSWERABLE, Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream

OPERATOR = unassigned_lei("e2e")
MAIN = "spiffe://e2e.invalid/gateway/main"


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as made:
        yield made


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("serve") / "store"
    cli("init", "--store", str(made), "--domain", "e2e.invalid", "--operator", OPERATOR, "--name", "E2E Ltd")
    return made


def system(place: Place, name: str, *more: str) -> Any:
    return place.cli("register", "--name", name, "--version", "1", "--party", f"{OPERATOR}:deployer", *more)


def test_init_makes_a_store_and_never_another_over_it(store: Path) -> None:
    assert (store / "trust.txt").read_text().startswith("log e2e.invalid+")
    assert {path.name for path in (store / "people").glob("*.key")} == {"admin.key", "officer-1.key", "officer-2.key"}
    modes = {path.stat().st_mode & 0o077 for path in (store / "keys").iterdir()}
    assert modes == {0}
    error = cli(
        "init", "--store", str(store), "--domain", "e2e.invalid", "--operator", OPERATOR, "--name", "X", expect=5
    )
    assert error["error"]["code"] == "store.exists"


def test_serve_makes_no_store_by_accident(tmp_path: Path) -> None:
    assert cli("serve", "--store", str(tmp_path / "none"), expect=3)["error"]["code"] == "store.missing"
    assert not (tmp_path / "none").exists()


def test_serve_refuses_to_bind_beyond_loopback_without_tls(store: Path) -> None:
    error = cli("serve", "--store", str(store), "--host", "0.0.0.0", "--port", "0", expect=2)
    assert error["error"]["code"] == "config.unsafe_bind"


def test_a_configured_upstream_must_be_registered(store: Path, tmp_path: Path) -> None:
    config = tmp_path / "a.toml"
    config.write_text('[upstreams.x]\nurl = "http://127.0.0.1:9/v1"\nsystem = "nobody"\n')
    error = cli("serve", "--store", str(store), "--port", "0", "--config", str(config), expect=2)
    assert error["error"]["code"] == "config.value"


def test_from_nothing_to_an_answer(store: Path, upstream: ScriptedUpstream, tmp_path: Path) -> None:
    with running(("serve", "--port", "0"), store) as place:
        system(place, "My model", "--kind", "model", "--capability", "text", "--petaflop", "1000")
        system(place, "My app", "--kind", "application", "--uses", "My model")
    config = tmp_path / "answerable.toml"
    config.write_text(
        f'[upstreams.mine]\nurl = "{upstream.url}"\nsystem = "My model"\nmodel = "m"\nlocality = "external"\n'
        '[meter]\ncurrency = "EUR"\nprice_in = 2.0\nprice_out = 10.0\n'
    )
    with running(("serve", "--port", "0", "--config", str(config)), store) as place:
        copies = place.cli("ps")
        assert len(copies) == 1, "the model's own"
        started = place.cli("copy", "endpoint", "My app", "--url", "http://127.0.0.1/")
        handle = place.cli("handles", "issue", started["id"], "--bind", "cidr:127.0.0.1/32")["value"]
        reply = place.client(handle).chat.completions.create(
            model="My model", messages=[{"role": "user", "content": "hi"}]
        )
        assert "a small answer" in (reply.choices[0].message.content or "")
        record = reply.id.removeprefix("chatcmpl-")
        (close,) = [e["leaf"] for e in place.leaves() if e["leaf"].get("open") == record]
        assert (close["u"]["cost"], close["u"]["cur"]) == (3 * 2 + 2 * 10, "EUR")

        # Egress: what is confidential does not go to a model outside.
        body = {"model": "auto", "messages": [{"role": "user", "content": "secret"}]}
        calls = len(upstream.calls)
        refused = place.post("/chat/completions", body, handle, **{"answerable-data-class": "confidential"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "policy.refused")
        assert refused.headers["x-should-retry"] == "false"
        assert len(upstream.calls) == calls

        # A revoked handle is refused at once, and the refusal is recorded.
        listed = place.cli("handles", "ls")
        place.cli("handles", "revoke", listed[0]["digest"])
        gone = place.post("/chat/completions", body, handle)
        assert gone.json()["error"]["code"] == "handle.revoked"


def test_a_second_process_over_one_store_is_refused(store: Path) -> None:
    with running(("serve", "--port", "0"), store):
        error = cli("serve", "--store", str(store), "--port", "0", expect=5)
        assert error["error"]["code"] == "store.locked"


def test_serve_refuses_a_demo_store(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    store = tmp_path / "demo"
    words = ("demo", "--port", "0", "--url", upstream.url, "--model", "m", "--locality", "local")
    with running(words, store) as place:
        assert place.said["systems"]
    assert cli("serve", "--store", str(store), "--port", "0", expect=2)["error"]["code"] == "store.demo"


def test_the_demo_refuses_a_real_store(store: Path) -> None:
    assert cli("demo", "--store", str(store), "--port", "0", expect=2)["error"]["code"] == "store.not_demo"


def test_nothing_administrative_answers_on_the_port(store: Path) -> None:
    import httpx2 as httpx

    with running(("serve", "--port", "0"), store) as place:
        base = place.gateway.removesuffix("/v1")
        for path in ("/control/v1/status", "/control/v1/systems", "/control/v1/stops"):
            assert httpx.get(base + path).status_code == 404
        bare = subprocess.run(
            [*ANSWERABLE, "ls", "--store", str(store), "--as", str(store / "people" / "nobody.json")],
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert bare.returncode == 2
        # Reaching the socket is no credential.
        socket = httpx.HTTPTransport(uds=str(store / "control.sock"))
        with httpx.Client(transport=socket, base_url="http://localhost") as client:
            assert client.get("/control/v1/status").status_code == 401
