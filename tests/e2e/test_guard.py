# SPDX-License-Identifier: Apache-2.0
"""The guard, as people run it, over a real control plane: one way out, orders that reach it at once, and programs that
detach and ignore signals and stop all the same. One service, a guard of its own for each test."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answerable.admission.envelope import bound_ms
from answerable.guard import folder as folders
from answerable.guard.primitives import BY_NAME
from answerable.registry.ids import unassigned_lei
from tests.disks import Disk, disk
from tests.e2e.places import Place, cli, running
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.guarded import ANSWERABLE, BEATERS, Guarded, acting, all_act, beats, delegated, floor, last_beat, ordinary

pytestmark = [pytest.mark.alone, pytest.mark.system("guard", "curl")]

NOBODY = 65534
USUAL_START_S = 2.0  # from a guard's start to its program's, on a machine that does nothing else
only_root = pytest.mark.skipif(os.getuid() != 0, reason="root alone runs things as another user")
OPERATOR = unassigned_lei("guard")
REGISTRAR = unassigned_lei("registrar")
INSURER = unassigned_lei("insurer")
DIGEST = "sha256:" + "cd" * 32
SMALL = ("--capability", "text", "--petaflop", "1000", "--licence", "Apache-2.0")
ASK = """\
curl -sS -w '\\n%{{http_code}}\\n' -H 'content-type: application/json' -H 'authorization: Bearer stolen' \\
  -d '{{"model":"Model","messages":[{{"role":"user","content":"{text}"}}]{more}}}' "$OPENAI_BASE_URL/chat/completions"
"""


@dataclass
class World:
    place: Place
    upstream: ScriptedUpstream

    def stop(self, system: str, *officers: str) -> dict[str, Any]:
        names = [word for name in officers for word in ("--as", name)]
        told: dict[str, Any] = self.place.cli("stop", system, "--reason", "test", *names)
        return told

    def receipts(self, order: str) -> list[str]:
        """What holders said of the order, in the log's order."""
        return [
            entry["leaf"]["st"]
            for entry in self.place.leaves()
            if entry["leaf"]["k"] == "receipt" and entry["leaf"]["order"] == order
        ]


def register(place: Place, name: str, *more: str) -> Any:
    return place.cli("register", "--name", name, "--version", "1", "--party", f"{OPERATOR}:deployer", *more)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("guard")
    store = folder / "store"
    cli("init", "--store", str(store), "--domain", "guard.invalid", "--operator", OPERATOR, "--name", "Guard Ltd")
    with ScriptedUpstream() as upstream:
        with running(("serve", "--port", "0"), store) as place:
            register(place, "Model", "--kind", "model", *SMALL)
            for name in ("Agent", "Other", "Third", "Fourth"):
                register(place, name, "--kind", "application", "--uses", "Model")
            _what_moves(place)
        config = folder / "answerable.toml"
        served = f'url = "{upstream.url}"\nsystem = "Model"\nmodel = "m"\nlocality = "local"\n'
        config.write_text(f"[relay]\nport = 0\n[upstreams.u]\n{served}")
        with running(("serve", "--port", "0", "--config", str(config)), store, clean=False) as place:
            yield World(place, upstream)


def _what_moves(place: Place) -> None:
    """A robot is of tier 3: its parties are vouched for, it is insured, and its warrants live 2 s."""
    for party, name in ((REGISTRAR, "Registrar"), (INSURER, "Insurer")):
        place.cli("party", "register", "--id", party, "--name", name)
    place.cli("party", "key", REGISTRAR, "--registrar")
    for party in (OPERATOR, INSURER):
        place.cli("party", "vouch", party, "--registrar", REGISTRAR)
    place.cli("admin", "enrol", "officer-3", "--role", "officer")
    more = ("--world", "physical", "--licence", "Apache-2.0", "--digest", DIGEST, "--party", f"{INSURER}:insurer")
    register(place, "Cart", "--kind", "robot", "--uses", "Model", *more)


@pytest.fixture
def here() -> Iterator[Path]:
    with floor() as made:
        yield made


@pytest.fixture
def guard(world: World, here: Path) -> Iterator[Callable[..., Guarded]]:
    made: list[Guarded] = []

    def start(system: str, *words: str) -> Guarded:
        made.append(Guarded("--system", system, "--store", str(world.place.store), *words, cwd=here))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_the_gate_adds_the_warrant_and_is_the_only_way_out(
    world: World, guard: Callable[..., Guarded], here: Path
) -> None:
    gateway = world.place.gateway.removesuffix("/v1")
    (here / "agent.sh").write_text(
        ASK.format(text="hi", more="")
        + ASK.format(text="hi", more=',"stream":true')
        + f"""
curl -s -m 2 {world.upstream.url}/models; echo upstream $?
curl -s -m 2 {gateway}/v1/models; echo gateway $?
curl -s -m 2 --unix-socket {world.place.store}/control.sock http://localhost/control/v1/status; echo control $?
curl -s -m 2 -o /dev/null -w 'path %{{http_code}}\\n' "$ANSWERABLE_GATE/control/v1/status"
curl -s -m 2 -o /dev/null -w 'climb %{{http_code}}\\n' --path-as-is "$ANSWERABLE_GATE/v1/../control/v1/status"
cat {world.place.store}/trust.txt > /dev/null 2>&1; echo store $?
env | grep -c -e eyJ -e ans_; echo left
"""
    )
    run = guard("Agent", "--", "sh", "agent.sh")
    assert run.wait(30) == 0, run.err
    said = "\n".join(run.out)
    first, streamed = said.split("\n200\n")[:2]
    assert json.loads(first)["choices"][0]["message"]["content"]
    assert "data: [DONE]" in streamed
    for way in ("upstream", "gateway", "control"):
        assert f"\n{way} 7" in said, f"{way}: curl could not connect\n{said}"
    assert "path 404" in said
    assert "climb 404" in said
    assert "\nstore 1" in said
    assert "\n0\nleft" in said, "no warrant and no handle in its environment"
    copy = run.state("running")["record"]
    leaves = world.place.leaves()
    grants = {entry["rid"] for entry in leaves if entry["leaf"]["k"] == "warrant" and entry["leaf"]["cpy"] == copy}
    opened = [entry["leaf"] for entry in leaves if entry["leaf"]["k"] == "open"]
    assert [leaf["war"] in grants for leaf in opened] == [True, True], "what it did stands under its own warrant"


def test_a_suspension_freezes_it_at_once_and_a_release_lets_it_go_on(
    world: World, guard: Callable[..., Guarded], here: Path
) -> None:
    run = guard("Agent", "--", "sh", "clings.sh")
    run.line("up")
    assert all_act(here)
    told = world.stop("Agent", "officer-1")
    ordered = time.time()
    frozen = run.state("suspended")
    order = told["order"]["rid"]
    assert frozen["order"] == order
    assert frozen["at"] / 1000 - ordered < 0.5
    assert acting(here) == set(), "every process stands still, whatever it does with signals"
    assert len(run.processes()) >= len(BEATERS)
    world.place.cli("release", order, "--as", "officer-1", "--as", "officer-2")
    run.state("running", nth=2)
    assert all_act(here)
    assert world.receipts(order) == ["draining", "stopped"]
    run.process.send_signal(signal.SIGTERM)
    assert run.wait() == 128 + signal.SIGTERM
    assert acting(here) == set()


def test_a_program_that_takes_every_connection_is_suspended_all_the_same(world: World, here: Path) -> None:
    (here / "flood.py").write_text(
        "import resource, socket, time\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, 2 * (resource.getrlimit(resource.RLIMIT_NOFILE)[1],))\n"
        "held = []\n"
        "for n in range(3_000):\n"
        "    held.append(socket.create_connection(('127.0.0.1', 8080)))\n"
        "    held[-1].send(b'GET /v1/')\n"
        "print('flooded', flush=True)\n"
        "time.sleep(60)\n"
    )
    usual = ("sh", "-c", 'ulimit -Sn 1024; exec "$@"', "sh")
    words = ("--system", "Agent", "--store", str(world.place.store), "--", "/usr/bin/python3", "flood.py")
    run = Guarded(*words, cwd=here, prefix=usual)
    try:
        run.line("flooded", 30)
        told = world.stop("Agent", "officer-1")
        run.state("suspended", 5)
        world.place.cli("release", told["order"]["rid"], "--as", "officer-1", "--as", "officer-2")
        run.state("running", nth=2)
        assert not any("Too many open files" in line for line in run.err)
    finally:
        run.close()


def test_a_terminal_that_goes_away_ends_it_by_its_plan(guard: Callable[..., Guarded], here: Path) -> None:
    """A machine that it leads would be frozen while it moves, if the guard just died."""
    run = guard("Agent", "--stop-command", f"touch {here}/braked", "--", "sleep", "60")
    run.state("running")
    run.process.send_signal(signal.SIGHUP)
    assert run.wait() == 128 + signal.SIGTERM, "of which the program died"
    assert run.state("sealed")["steps"] == {"command": "done", "SIGTERM": "done"}
    assert (here / "braked").exists()


def test_a_termination_ends_it_with_a_receipt_and_its_evidence(
    world: World, guard: Callable[..., Guarded], here: Path
) -> None:
    (here / "agent.sh").write_text(ASK.format(text="hi", more="") + "exec sh clings.sh\n")
    run = guard("Other", "--grace", "0.3", "--", "sh", "agent.sh")
    run.line("up")
    assert all_act(here)
    other = guard("Fourth", "--", "sh", "-c", "echo up; sleep 30")
    other.line("up")
    told = world.stop("Other", "officer-1", "officer-2")
    ordered = time.time()
    assert run.wait() == 1
    order = told["order"]["rid"]
    done = run.state("sealed")
    assert (done["order"], done["why"]) == (order, "stop.system")
    assert last_beat(here) - ordered < 0.3 + 0.1 + 0.5
    assert acting(here) == set()
    assert not Path(run.state("running")["cgroup"]).exists()
    assert world.receipts(order) == ["draining", "sealed"]
    kept = json.loads(Path(done["evidence"]).read_text())
    assert kept["order"] == order
    assert [call["status"] for call in kept["calls"]] == [200]
    assert all(len(call[side]) == 64 for call in kept["calls"] for side in ("sent", "got"))
    assert len(kept["processes"]) >= len(BEATERS)
    assert "eyJ" not in json.dumps(kept), "evidence holds no token"
    assert other.process.poll() is None, "an unrelated lineage goes on"


@only_root
@pytest.mark.system("unshare", "nsenter", "setpriv")
def test_a_full_disk_of_evidence_holds_no_stop_up(world: World, here: Path, tmp_path: Path) -> None:
    """No line of it can be written, and it is stopped, receipted and said all the same."""
    register(world.place, "Full", "--kind", "application", "--uses", "Model")
    with disk(tmp_path / "evidence") as small:
        run, done = _ended_on(world, here, small, "Full", small.fill)
        assert done < 1.0
        sealed = json.loads(small.read("states.jsonl").splitlines()[-1])  # in the room that its file still had
        assert (sealed["state"], sealed["evidence"]) == ("sealed", "")
    assert any("evidence is not on the disk" in line for line in run.err)


@only_root
@pytest.mark.system("unshare", "nsenter", "setpriv", "fsfreeze", "mkfs.ext4")
def test_a_disk_of_evidence_that_hangs_holds_neither_the_stop_nor_the_guard_up(
    world: World, here: Path, tmp_path: Path
) -> None:
    """Whoever writes to it cannot even be killed. Its program stops in time and the guard ends; once the disk is back,
    what had been said is written."""
    register(world.place, "Hung", "--kind", "application", "--uses", "Model")
    with disk(tmp_path / "evidence", image=tmp_path / "image") as slow:
        try:
            run, done = _ended_on(world, here, slow, "Hung", slow.hang)
        finally:
            slow.mend()
        assert done < folders.PATIENCE_S + 1.0
        deadline = time.monotonic() + 10
        while not slow.names("stop-*.json") and time.monotonic() < deadline:
            time.sleep(0.05)
        (kept,) = slow.names("stop-*.json")
        assert json.loads(slow.read(kept))["reason"] == "stop.system", "it was written once the disk was back"
    assert any("evidence is not on the disk" in line for line in run.err)


def _ended_on(world: World, here: Path, where: Disk, system: str, spoil: Callable[[], None]) -> tuple[Guarded, float]:
    """A guard whose evidence lies there, spoilt before an order comes; how long, s, after its program's end it ended
    itself."""
    run = Guarded(
        "--system", system, "--store", str(world.place.store), "--evidence", str(where.path), "--grace", "0.3", "--",
        "sh", "clings.sh", cwd=here, prefix=where.prefix(here),
    )  # fmt: skip
    try:
        run.line("up")
        assert all_act(here)
        spoil()
        told = world.stop(system, "officer-1", "officer-2")
        ordered = time.time()
        gone = run.until_gone()
        assert last_beat(here) - ordered < 0.3 + 0.1 + 0.5
        assert run.wait() == 1
        ended = time.time()
        assert acting(here) == set()
        assert world.receipts(told["order"]["rid"]) == ["draining", "sealed"]
        return run, ended - gone
    finally:
        run.close()


def test_a_stopped_system_is_not_started(world: World, guard: Callable[..., Guarded], here: Path) -> None:
    world.stop("Third", "officer-1")
    run = guard("Third", "--", "touch", str(here / "ran"))
    assert run.wait() == 1
    assert any("stop.system" in line for line in run.err)
    assert not (here / "ran").exists()


def test_a_guard_that_is_killed_leaves_nothing(guard: Callable[..., Guarded], here: Path) -> None:
    run = guard("Agent", "--", "sh", "clings.sh")
    run.line("up")
    assert all_act(here)
    began = time.time()
    run.process.kill()
    gone = run.until_gone()
    assert gone - began < 0.5
    assert last_beat(here) < began + 0.5
    assert acting(here) == set()


def test_a_guard_that_stands_still_does_not_keep_its_program(guard: Callable[..., Guarded], here: Path) -> None:
    """The keeper has the lease too, on CLOCK_BOOTTIME: 2 s for what moves."""
    run = guard("Cart", "--grace", "0.2", "--", "sh", "clings.sh")
    run.line("up")
    assert run.state("running")["bound_ms"] == 2_000 + 200 + 100
    run.process.send_signal(signal.SIGSTOP)
    began = time.time()
    gone = run.until_gone()
    assert gone - began < 2.3 + 0.3
    assert acting(here) == set()


def test_an_order_cuts_a_stream_in_flight(world: World, guard: Callable[..., Guarded], here: Path) -> None:
    (here / "agent.sh").write_text(ASK.format(text="do:drip", more=',"stream":true') + "sleep 30\n")
    run = guard("Fourth", "--", "sh", "agent.sh")
    run.line("data:")
    world.stop("Fourth", "officer-1")
    run.state("suspended")
    said = len(run.out)
    time.sleep(0.5)
    assert len(run.out) <= said + 1
    assert beats(here)["main"] == 0


@pytest.fixture
def enrolment(world: World) -> Iterator[Path]:
    """A file for a guard elsewhere, as root of that host hands it to an ordinary user."""
    folder = Path(tempfile.mkdtemp(prefix="answerable-enrolment-"))
    folder.chmod(0o711)
    path = folder / "agent.guard"
    world.place.cli("guard", "--enrol", "Agent", "--out", str(path), "--clock", "same-host")
    os.chown(path, NOBODY, NOBODY)
    yield path
    shutil.rmtree(folder)


def test_an_enrolment_is_read_by_its_owner_alone(enrolment: Path) -> None:
    assert enrolment.stat().st_mode & 0o777 == 0o600


@only_root
def test_an_ordinary_user_is_told_what_falls_and_must_name_it(enrolment: Path, here: Path) -> None:
    words = ("--enrolment", str(enrolment))
    refused = Guarded(*words, "--", "true", cwd=here, prefix=ordinary())
    try:
        assert refused.wait() == 4
        assert any("guard.primitive" in line and "cgroup" in line for line in refused.err), refused.err
        assert any("--unsafe-without cgroup" in line for line in refused.err)
    finally:
        refused.close()


@only_root
def test_an_ordinary_user_with_a_cgroup_of_its_own_is_promised_the_same(
    world: World, enrolment: Path, here: Path
) -> None:
    """In user namespaces; as systemd's `Delegate=yes` gives a cgroup. Frozen, released, killed with its guard."""
    evidence = here / "evidence"
    (here / "job").mkdir()
    for name in ("beat.sh", "clings.sh"):
        (here / "job" / name).write_text((here / name).read_text())
    (here / "job").chmod(0o777)
    with delegated() as cgroup:
        words = ("--enrolment", str(enrolment), "--evidence", str(evidence))
        run = Guarded(*words, "--", "sh", "clings.sh", cwd=here / "job", prefix=ordinary(cgroup=cgroup))
        try:
            run.line("up")
            begun = run.state("running")
            assert set(BY_NAME) - set(begun["primitives"]) == {"own-uid"}
            assert all_act(here / "job")
            _nobody_reads_its_key(run)
            told = world.stop("Agent", "officer-1")
            run.state("suspended")
            assert acting(here / "job") == set()
            world.place.cli("release", told["order"]["rid"], "--as", "officer-1", "--as", "officer-2")
            run.state("running", nth=2)
            assert all_act(here / "job")
            run.process.kill()
            run.until_gone()
            assert acting(here / "job") == set()
        finally:
            run.close()


def _nobody_reads_its_key(run: Guarded) -> None:
    """Another process of the same user, outside: neither memory nor environment."""
    for name in ("mem", "environ", "maps"):
        words = [
            "setpriv",
            f"--reuid={NOBODY}",
            f"--regid={NOBODY}",
            "--clear-groups",
            "--inh-caps=-all",
            "head",
            "-c1",
        ]
        done = subprocess.run([*words, f"/proc/{run.process.pid}/{name}"], capture_output=True, text=True, check=False)
        assert "Permission denied" in done.stderr, name


@only_root
def test_without_a_cgroup_a_suspension_kills(world: World, enrolment: Path, here: Path) -> None:
    words = ("--enrolment", str(enrolment), "--unsafe-without", "cgroup", "--evidence", str(here / "evidence"))
    (here / "job").mkdir()
    (here / "job").chmod(0o777)
    run = Guarded(*words, "--", "sleep", "60", cwd=here / "job", prefix=ordinary())
    try:
        run.state("running")
        told = world.stop("Agent", "officer-1")
        assert run.wait() == 1
        assert run.state("sealed")["order"] == told["order"]["rid"]
        assert any("WITHOUT cgroup: a suspension kills" in line for line in run.err)
        world.place.cli("release", told["order"]["rid"], "--as", "officer-1", "--as", "officer-2")
    finally:
        run.close()


@only_root
def test_what_would_hand_the_enrolment_to_the_program_is_refused(enrolment: Path, here: Path) -> None:
    words = ("--enrolment", str(enrolment), "--unsafe-without", "cgroup", "--read", str(enrolment.parent))
    run = Guarded(*words, "--", "true", cwd=here, prefix=ordinary())
    try:
        assert run.wait() == 1
        assert any("guard.exposed" in line for line in run.err)
    finally:
        run.close()


def test_the_control_plane_away_ends_it_within_its_bound_and_an_envelope_later(
    world: World, guard: Callable[..., Guarded], here: Path
) -> None:
    """Last, since it kills the service. Each warrant counts from the sending of its request; beside it, a guard whose
    on-site issuer holds an envelope goes on for its life."""
    began = time.monotonic()
    run = guard("Cart", "--grace", "0.2", "--", "sh", "clings.sh")
    run.line("up")
    # An envelope lives from its issue. Half a dozen programs start under it before anything is measured, each of which
    # takes as long as this one did: on a busy machine it would end before they are up.
    life = int(9 + min(50.0, 8 * max(0.0, time.monotonic() - began - USUAL_START_S)))
    with _on_site(world, life) as (hall, envelope_ends):
        try:
            hall.line("up")
            assert hall.state("running")["bounds"].keys() == {"the control plane", "the on-site issuer"}
            assert hall.state("running")["bounds"]["the control plane"] == 2_300
            time.sleep(0.5)
            assert all_act(here)
            bound = run.state("running")["bound_ms"] / 1000
            world.place.kill()
            cut = time.time()
            assert run.wait() == 1
            assert run.state("sealed")["why"] == "warrant.expired"
            assert last_beat(here) - cut < bound
            assert acting(here) == set()
            assert all_act(hall.cwd), "its network is cut too, and it goes on"
            assert hall.wait(life + 20) == 1
            # Its last warrant ends when its envelope does.
            assert hall.state("sealed")["why"] in ("envelope.expired", "warrant.expired")
            assert cut + bound < last_beat(hall.cwd) < envelope_ends + 0.3
            assert acting(hall.cwd) == set()
        finally:
            hall.close()


@contextlib.contextmanager
def _on_site(world: World, life: int) -> Iterator[tuple[Guarded, float]]:
    """A guard over the cart with an on-site issuer beside it, and when its envelope ends, seconds since 1970. life: of
    the envelope, seconds."""
    folder = Path(tempfile.mkdtemp(prefix="answerable-site-"))
    file, key, envelope, sock = (folder / name for name in ("cart.guard", "site.key", "site.envelope", "site.sock"))
    enrolled = world.place.cli("guard", "--enrol", "Cart", "--out", str(file), "--clock", "same-host")
    audience = json.loads(file.read_text())["audience"]
    public = cli("onsite", "key", str(key))["public"]
    words = ("onsite", "issue", enrolled["copy"], "--key", public, "--site", "hall", "--for", audience)
    limits = (
        "--life",
        str(life),
        "--area",
        "0,1000,0,1000",
        "--max-speed",
        "500",
        "--out",
        str(envelope),
        "--as",
        "officer-1",
    )
    world.place.cli(*words, *limits, "--bound", str(bound_ms(life * 1000)))
    shown = cli("onsite", "show", str(envelope))
    site = subprocess.Popen(
        [*ANSWERABLE, "onsite", "run", str(envelope), "--key", str(key), "--socket", str(sock), "--clock", "same-host"],
        stdout=subprocess.PIPE,
    )
    try:
        until = time.monotonic() + 30
        while not sock.exists():
            assert time.monotonic() < until, "the on-site issuer did not start"
            time.sleep(0.02)
        with floor() as here:
            run = Guarded(
                "--enrolment", str(file), "--on-site", f"unix://{sock}", "--site", shown["site"], "--grace", "0.2",
                "--", "sh", "clings.sh", cwd=here,
            )  # fmt: skip
            yield run, shown["exp_ms"] / 1000
    finally:
        site.terminate()
        site.wait(10)
        if site.stdout is not None:
            site.stdout.close()
        shutil.rmtree(folder)
