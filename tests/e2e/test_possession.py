# SPDX-License-Identifier: Apache-2.0
"""A warrant is worth nothing without its key, where the gateway demands it: the guard shows the key with each
connection, and whoever took the token of another is refused and recorded."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.guard import enrolment
from answerable.guard.sources import ControlPlane
from answerable.net.relay_client import RelayClient
from answerable.registry.ids import unassigned_lei
from tests.e2e.places import Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.guarded import Guarded, floor

pytestmark = pytest.mark.system("guard", "curl")

OPERATOR = unassigned_lei("possession")
ASK = '{"model":"Model","messages":[{"role":"user","content":"hi"}]}'


def pair(folder: Path, name: str) -> tuple[Path, Path]:
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("possession")
    store = folder / "store"
    certificate, key = pair(folder, "server")
    cli("init", "--store", str(store), "--domain", "possession.invalid", "--operator", OPERATOR, "--name", "Ltd")
    with ScriptedUpstream() as upstream:
        with running(("serve", "--port", "0"), store) as first:
            for name, kind, more in (("Model", "model", ("--capability", "text", "--petaflop", "1000")),
                                     ("Agent", "application", ("--uses", "Model"))):  # fmt: skip
                words = ("--name", name, "--version", "1", "--party", f"{OPERATOR}:deployer", "--kind", kind, *more)
                first.cli("register", *words, "--licence", "Apache-2.0")
        config = folder / "answerable.toml"
        config.write_text(
            f'[gateway]\ntls_certificate = "{certificate}"\ntls_key = "{key}"\nclient_certificates = "demand"\n'
            f'[upstreams.u]\nurl = "{upstream.url}"\nsystem = "Model"\nmodel = "m"\nlocality = "local"\n'
        )
        with running(("serve", "--port", "0", "--config", str(config)), store, clean=False) as running_place:
            yield running_place


def ask(place: Place, token: str, *more: str) -> tuple[int, str]:
    """(HTTP status, code of the refusal or "")."""
    certificate = place.store.parent / "server.crt"
    done = subprocess.run(
        ["curl", "-sS", "--cacert", certificate, "-w", "\n%{http_code}", "-H", f"authorization: Bearer {token}",
         "-H", "content-type: application/json", "-d", ASK, *more, f"{place.said['gateway']}/chat/completions"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body).get("error", {}).get("code", "")


def test_the_guard_shows_its_key_and_the_program_needs_none(place: Place) -> None:
    certificate = place.store.parent / "server.crt"
    with floor() as here:
        (here / "ask.sh").write_text(
            "curl -sS -o /dev/null -w '%{http_code}\\n' -H 'content-type: application/json' "
            f"-d '{ASK}' \"$OPENAI_BASE_URL/chat/completions\"\n"
        )
        words = ("--system", "Agent", "--store", str(place.store), "--ca", str(certificate), "--", "sh", "ask.sh")
        run = Guarded(*words, cwd=here)
        try:
            assert run.line("200")
            assert run.wait() == 0
        finally:
            run.close()


def test_a_token_that_was_taken_is_worth_nothing_and_the_try_is_recorded(place: Place) -> None:
    folder = place.store.parent
    certificate = folder / "server.crt"
    tokens = []
    for name in ("one", "two"):
        file = folder / f"{name}.guard"
        place.cli("guard", "--enrol", "Agent", "--out", str(file), "--ca", str(certificate), "--clock", "same-host")
        tokens.append(asyncio.run(_token(enrolment.read(file))))
    assert ask(place, tokens[0]) == (403, "warrant.certificate")
    # Another copy's certificate is not its own.
    (folder / "two.pem").write_bytes(_certificate(folder / "two.guard"))
    assert ask(place, tokens[0], "--cert", str(folder / "two.pem")) == (403, "warrant.certificate")
    assert ask(place, tokens[1], "--cert", str(folder / "two.pem")) == (200, "")
    opens = [entry["leaf"] for entry in place.leaves() if entry["leaf"]["k"] == "open"]
    assert [leaf.get("err") for leaf in opens].count("warrant.certificate") == 2


async def _token(found: enrolment.Enrolment) -> str:
    clients = [RelayClient(url, found.ca_file) for url in found.planes]
    try:
        return (await ControlPlane(found.identity(), tuple(clients)).next()).held.token
    finally:
        for client in clients:
            await client.close()


def _certificate(file: Path) -> bytes:
    from answerable.crypto.possession import certificate

    found = enrolment.read(file)
    return certificate(found.key(), found.copy) + found.key().pem()
