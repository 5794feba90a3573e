# SPDX-License-Identifier: Apache-2.0
"""A guard as its user runs it, over a program that would rather not be stopped: it forks, detaches, starts sessions of
its own, ignores signals, and each of its processes writes down that it acts."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ANSWERABLE = (sys.executable, "-m", "answerable.cli")
# Each writes the time of each of its effects to a file of its own.
BEAT = """\
trap '' TERM INT HUP QUIT
while :; do date +%s%N >> "$1"; sleep 0.05; done
"""
# A child, one in a session of its own, one that was orphaned twice, and this one: all deaf to signals.
CLINGS = """\
trap '' TERM INT HUP QUIT
sh beat.sh child &
setsid sh beat.sh session &
( ( setsid sh beat.sh orphan & ) & )
echo up
exec sh beat.sh main
"""
BEATERS = ("child", "session", "orphan", "main")


@contextlib.contextmanager
def floor() -> Iterator[Path]:
    """A folder that any user may work in: pytest's own are closed to others."""
    made = Path(tempfile.mkdtemp(prefix="answerable-floor-"))
    made.chmod(0o777)
    (made / "beat.sh").write_text(BEAT)
    (made / "clings.sh").write_text(CLINGS)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def beats(folder: Path) -> dict[str, int]:
    """How often each of them has acted."""
    return {name: len(file.read_text().splitlines()) if (file := folder / name).exists() else 0 for name in BEATERS}


def last_beat(folder: Path) -> float:
    """When the newest effect was, seconds since 1970, as its doer's clock says."""
    return max(int(line) for name in BEATERS for line in (folder / name).read_text().split() if line) / 1e9


def all_act(folder: Path, seconds: float = 10.0) -> bool:
    """Whether each of them acts again, within so long."""
    before, deadline = beats(folder), time.monotonic() + seconds
    while time.monotonic() < deadline:
        after = beats(folder)
        if all(after[name] > before[name] for name in BEATERS):
            return True
        time.sleep(0.01)
    return False


def acting(folder: Path, seconds: float = 0.3) -> set[str]:
    """Which of them act, within so long: many times what they wait between two effects."""
    before = beats(folder)
    time.sleep(seconds)
    after = beats(folder)
    return {name for name in BEATERS if after[name] > before[name]}


def ordinary(uid: int = 65534, *, cgroup: Path | None = None) -> tuple[str, ...]:
    """Words before a command that run it as an ordinary user, by root alone. Where this interpreter lies in a folder
    that others cannot enter, it is put there for that command in a mount namespace of its own. cgroup: one that is
    delegated to that user, to run in."""
    repository = Path(__file__).resolve().parents[1]
    needed = {Path(sys.base_prefix), Path(sys.prefix), repository}
    closed: dict[Path, Path] = {}
    for path in needed:
        for parent in reversed(path.parents):
            if not parent.stat().st_mode & 0o001:
                closed[path] = parent
                break
    lines = ["set -e", "cd /", "hold=$(mktemp -d)", "chmod 755 $hold"]
    lines += [f"mkdir $hold/{n}; mount --bind {path} $hold/{n}" for n, path in enumerate(closed)]
    lines += [f"mount -t tmpfs -o mode=755 none {parent}" for parent in sorted(set(closed.values()))]
    lines += [f"mkdir -p {path}; mount --bind $hold/{n} {path}" for n, path in enumerate(closed)]
    if cgroup is not None:
        lines.append(f"echo $$ > {cgroup}/cgroup.procs")
    drop = f"setpriv --reuid={uid} --regid={uid} --clear-groups --inh-caps=-all"
    lines.append(f'cd "$OLDPWD" && exec {drop} "$@"')
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c", "; ".join(lines), "sh")


@contextlib.contextmanager
def delegated(uid: int = 65534) -> Iterator[Path]:
    """A cgroup that is that user's own, as a systemd unit with `Delegate=yes` gives one."""
    from answerable.guard.cgroup import own, root

    top = root(Path("/proc/self/mountinfo").read_text())
    assert top is not None
    made = top / own(Path("/proc/self/cgroup").read_text()).lstrip("/") / f"answerable-test-{os.getpid()}"
    made.mkdir()
    for path in (made, *(made / name for name in ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads"))):
        os.chown(path, uid, uid)
    try:
        yield made
    finally:
        for path in (*made.iterdir(), made):
            if path.is_dir():
                path.rmdir()


def _hangs_up() -> None:
    """These tests may themselves run under nohup(1), whose children ignore a terminal that goes away."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Guarded:
    """`answerable guard … --json`. states: what it said of itself; out: lines of the program."""

    def __init__(
        self, *words: str, cwd: Path, prefix: tuple[str, ...] = (), more: dict[str, str] | None = None
    ) -> None:
        cut = words.index("--")
        self.cwd = cwd
        self.evidence = Path(tempfile.mkdtemp(prefix="answerable-evidence-"))
        options = () if "--evidence" in words else ("--evidence", str(self.evidence))
        self.process = subprocess.Popen(
            [*prefix, *ANSWERABLE, "guard", *words[:cut], "--json", *options, *words[cut:]],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "ANSWERABLE_LANG": "en", **(more or {})},
            preexec_fn=_hangs_up,
        )
        self.states: list[dict[str, Any]] = []
        self.out: list[str] = []
        self.err: list[str] = []
        self._heard = threading.Condition()
        self._ended = False
        readers = (self._read, self._read_err, self._follow)
        self._threads = [threading.Thread(target=each, daemon=True) for each in readers]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                if not self.states and line.startswith('{"state"'):
                    self.states.append(json.loads(line))
                else:
                    self.out.append(line.rstrip("\n"))
                self._heard.notify_all()

    def _follow(self) -> None:
        """Its states, from the file that it keeps."""
        while not self._ended:
            over = self.process.poll() is not None
            if self.states:
                with contextlib.suppress(OSError):
                    lines = Path(self.states[0]["states"]).read_text().splitlines()
                    with self._heard:
                        self.states[1:] = [json.loads(line) for line in lines[1:]]
                        self._heard.notify_all()
            if over:
                return
            time.sleep(0.005)

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.err.append(line.rstrip("\n"))

    def state(self, name: str, seconds: float = 20.0, *, nth: int = 1) -> dict[str, Any]:
        """The nth state of that name, waited for."""
        with self._heard:
            found: list[dict[str, Any]] = []

            def there() -> bool:
                found[:] = [state for state in self.states if state["state"] == name]
                return len(found) >= nth or (self.process.poll() is not None and not found)

            self._heard.wait_for(there, seconds)
            assert len(found) >= nth, f"never {name}: {self.states}\n{self.out}\n{self.err}"
            return found[nth - 1]

    def line(self, text: str, seconds: float = 20.0) -> str:
        """A line of the program that holds `text`, waited for."""
        with self._heard:
            self._heard.wait_for(
                lambda: any(text in line for line in self.out) or self.process.poll() is not None, seconds
            )
            found = [line for line in self.out if text in line]
            assert found, f"never {text}: {self.states}\n{self.out}\n{self.err}"
            return found[0]

    def wait(self, seconds: float = 20.0) -> int:
        status = self.process.wait(seconds)
        for thread in self._threads:
            thread.join(5)
        return status

    def processes(self) -> list[int]:
        """What is left of the program, by its cgroup; without one, by its first process."""
        begun = self.state("running")
        if begun["cgroup"]:
            try:
                return [int(pid) for pid in (Path(begun["cgroup"]) / "cgroup.procs").read_text().split()]
            except OSError:
                return []
        return [begun["first"]] if Path(f"/proc/{begun['first']}").exists() else []

    def until_gone(self, seconds: float = 10.0) -> float:
        """Wait until nothing of the program is left; when that was seen, seconds since 1970."""
        deadline = time.monotonic() + seconds
        while self.processes():
            assert time.monotonic() < deadline, self.processes()
            time.sleep(0.001)
        return time.time()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(20)
        self._ended = True
        for thread in self._threads:
            thread.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        if self.states:
            with contextlib.suppress(AssertionError):
                self.until_gone()
            with contextlib.suppress(OSError):
                Path(self.states[0]["cgroup"]).rmdir()  # a guard that was killed leaves an empty one
        shutil.rmtree(self.evidence, ignore_errors=True)
