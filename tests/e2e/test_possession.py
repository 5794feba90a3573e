# SPDX-License-Identifier: Apache-2.0
"""A warrant is worth nothing without its key, where the gateway demands it: the guard shows the key with each
connection, and whoever took the token of another is refused and recorded."""

from __future__ import annotations

import asyncio
import json
import shlex
import subprocess
import sys
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
from tests.mcp_servers import Journal
from tests.small_certificates import pair

pytestmark = pytest.mark.system("guard", "curl")

HEADERS = (
    "-H", "content-type: application/json", "-H", "accept: application/json, text/event-stream",
    "-H", "mcp-protocol-version: 2025-11-25",
)  # fmt: skip
OPERATOR = unassigned_lei("possession")
CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather","arguments":{"city":"Bonn"}}}'
ASK = '{"model":"Model","messages":[{"role":"user","content":"hi"}]}'


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
            words = ("--name", "Desk", "--version", "1", "--party", f"{OPERATOR}:deployer", "--kind", "application")
            first.cli("register", *words, "--licence", "Apache-2.0")
        config = folder / "answerable.toml"
        config.write_text(
            f'[gateway]\ntls_certificate = "{certificate}"\ntls_key = "{key}"\nclient_certificates = "demand"\n'
            f'[upstreams.u]\nurl = "{upstream.url}"\nsystem = "Model"\nmodel = "m"\nlocality = "local"\n'
            f'[servers.desk]\nkind = "stdio"\nsystem = "Desk"\ncommand = {json.dumps(tool_server(folder))}\n'
        )
        with running(("serve", "--port", "0", "--config", str(config)), store, clean=False) as running_place:
            running_place.cli("tools", "import", "desk")
            said = ("--world", "information", "--criticality", "ordinary", "--domain", "search", "--effect", "read")
            pin = running_place.cli("tools", "show", "desk/weather")["listed"].removeprefix("sha256:")
            running_place.cli("tools", "classify", "desk/weather", *said, "--pin", pin)
            yield running_place


def tool_server(folder: Path) -> list[str]:
    script = Path(__file__).parents[1] / "mcp_servers.py"
    return [sys.executable, str(script), "stdio", "--journal", str(folder / "journal")]


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


def call(place: Place, token: str, *more: str) -> str:
    """Code of the refusal of a tool call, "" where it ran."""
    done = subprocess.run(
        ["curl", "-sS", "--cacert", place.store.parent / "server.crt", "-H", f"authorization: Bearer {token}",
         *HEADERS, "-d", CALL, *more, f"{place.said['gateway'].removesuffix('/v1')}/mcp/desk"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    refused = said["error"]["data"] if "error" in said else said["result"]["_meta"].get("answerable/error", {})
    return str(refused.get("code", ""))


def test_a_tool_call_runs_under_the_guard_and_never_with_a_token_that_was_taken(place: Place) -> None:
    folder, journal = place.store.parent, Journal(place.store.parent / "journal")
    certificate = folder / "server.crt"
    headers = " ".join(shlex.quote(word) for word in HEADERS)
    with floor() as here:
        (here / "call.sh").write_text(f"curl -sS {headers} -d '{CALL}' \"$ANSWERABLE_GATE/mcp/desk\"; echo\n")
        words = ("--system", "Agent", "--store", str(place.store), "--ca", str(certificate), "--", "sh", "call.sh")
        run = Guarded(*words, cwd=here)
        try:
            said = json.loads(run.line("jsonrpc"))
            assert run.wait() == 0
        finally:
            run.close()
    assert not said["result"].get("isError", False), said
    ran = [each["arguments"] for each in journal.read("weather")]
    assert ran == [{"city": "Bonn"}]
    file, pem = folder / "tool.guard", folder / "tool.pem"
    place.cli("guard", "--enrol", "Agent", "--out", str(file), "--ca", str(certificate), "--clock", "same-host")
    token = asyncio.run(_token(enrolment.read(file)))
    before = len(place.leaves())
    assert call(place, token) == "warrant.certificate"
    other = folder / "other.guard"
    place.cli("guard", "--enrol", "Agent", "--out", str(other), "--ca", str(certificate), "--clock", "same-host")
    (folder / "other.pem").write_bytes(_certificate(other))
    assert call(place, token, "--cert", str(folder / "other.pem")) == "warrant.certificate"
    assert [each["arguments"] for each in journal.read("weather")] == ran, "nothing reached the server"
    opens = [entry["leaf"] for entry in place.leaves()[before:] if entry["leaf"]["k"] == "open"]
    assert [(leaf["act"], leaf["dec"], leaf["err"]) for leaf in opens] == [
        ("tool_call", "refuse", "warrant.certificate")
    ] * 2
    # With its own certificate the same token is good.
    pem.write_bytes(_certificate(file))
    assert call(place, token, "--cert", str(pem)) == ""
    assert len(journal.read("weather")) == 2


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
