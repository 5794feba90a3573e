# SPDX-License-Identifier: Apache-2.0
"""Runs the console blocks of a page and compares what they print with what the page says they print.

A block is fenced with ```` ```console ````. A line that begins with ``$ `` is a command, ``> `` (or ``>`` alone) goes
on with it, other lines are its output. ``...`` stands for any text within a line; alone on a line, for any number of
lines. The blocks of a page are one shell session, in order: directory and variables are kept. Every command must exit
0, unless the block is marked ``console fails`` and its last command must not.

```` ```console background ````: the last command goes on running while the rest of the page is tried; it must have
printed what the page shows within `START_S`. At the end it gets Ctrl-C and must end by itself, with status 0 or 130.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

FENCE: Final = re.compile(r"^```console([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OTHER_SHELLS: Final = re.compile(r"^```(?:sh|bash|shell|shellsession|zsh)\b", re.MULTILINE)
COMMAND_S: Final = 120.0  # a command that answers
START_S: Final = 180.0  # a service that comes up, its model fetched from a cache
STOP_S: Final = 30.0


class Mismatch(AssertionError):
    """What was printed is not what the page says."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what it should print."""

    line: int
    command: str
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    steps: tuple[Step, ...]
    background: bool
    fails: bool


def blocks(text: str) -> list[Block]:
    """The console blocks of a page, in order. Raises ValueError for a mark or a block that says nothing."""
    found = []
    for match in FENCE.finditer(text):
        marks = set(match[1].split())
        if marks - {"background", "fails"}:
            raise ValueError(f"unknown mark in ```console{match[1]}")
        first = text.count("\n", 0, match.start()) + 2
        steps = _steps(match[2].splitlines(), first)
        if not steps:
            raise ValueError(f"line {first}: a console block without a command")
        found.append(Block(tuple(steps), "background" in marks, "fails" in marks))
    return found


def _steps(lines: list[str], first: int) -> list[Step]:
    steps: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            steps.append((number, [line[2:]], []))
        elif (line == ">" or line.startswith("> ")) and steps and not steps[-1][2]:
            steps[-1][1].append(line[2:])
        elif steps:
            steps[-1][2].append(line)
        else:
            raise ValueError(f"line {number}: output before a command")
    return [Step(number, "\n".join(command), tuple(output)) for number, command, output in steps]


def pattern(expected: tuple[str, ...], *, whole: bool = True) -> re.Pattern[str]:
    """The expected lines as one expression; with `whole` nothing may follow them."""
    out = ""
    for line in expected:
        if line.strip() == "...":
            out += r"(?:[^\n]*\n)*?"
        else:
            out += r"[^\n]*?".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n"
    return re.compile(out + (r"\Z" if whole else ""))


class Session:
    """A shell in a folder of its own home; `close` ends what still runs."""

    def __init__(self, folder: Path, home: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.home = folder, home
        self.environment = dict(environment)
        self._running: list[tuple[Step, subprocess.Popen[bytes], Path]] = []
        home.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close(quiet=error is not None)

    def run(self, block: Block) -> None:
        for step in block.steps:
            last = step is block.steps[-1]
            if block.background and last:
                self._start(step)
            else:
                self._once(step, fails=block.fails and last)

    def _once(self, step: Step, *, fails: bool) -> None:
        state = self.home / ".console-state"
        # The shell says at its end where it stands and what it exports, so that the next command goes on from there.
        script = f"trap '{{ pwd; env -0; }} > {shlex.quote(str(state))}' EXIT\n{step.command}\n"
        log = self.home / ".console-output"
        with log.open("wb") as out:
            process = self._spawn(script, out)
        try:
            status = process.wait(COMMAND_S)
        except subprocess.TimeoutExpired:
            _end(process, signal.SIGKILL)
            raise Mismatch(
                f"line {step.line}: `{step.command}` did not end in {COMMAND_S:.0f} s\n{_read(log)}"
            ) from None
        said = _read(log)
        if (status == 0) == fails:
            raise Mismatch(f"line {step.line}: `{step.command}` ended with {status}\n{said}")
        if not pattern(step.expected).match(said):
            raise Mismatch(_difference(step, said))
        folder, _, variables = state.read_bytes().partition(b"\n")
        self.folder = Path(os.fsdecode(folder))
        pairs = (os.fsdecode(item).partition("=") for item in variables.split(b"\0") if item)
        self.environment = {name: value for name, _, value in pairs if name not in {"_", "SHLVL", "PWD", "OLDPWD"}}

    def _start(self, step: Step) -> None:
        log = self.home / f".console-output-{len(self._running)}"
        with log.open("wb") as out:
            process = self._spawn(f"exec {step.command}" if "\n" not in step.command else step.command, out)
        self._running.append((step, process, log))
        wanted = pattern(step.expected, whole=False)
        until = time.monotonic() + START_S
        while not wanted.match(_read(log)):
            if process.poll() is not None:
                raise Mismatch(f"`{step.command}` ended with {process.returncode}\n{_difference(step, _read(log))}")
            if time.monotonic() > until:
                raise Mismatch(_difference(step, _read(log)))
            time.sleep(0.1)

    def _spawn(self, script: str, out: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,  # type: ignore[call-overload]
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def close(self, *, quiet: bool = False) -> None:
        """Ctrl-C to what runs in the background, last started first. Raises Mismatch if one does not end well."""
        bad = []
        for step, process, log in reversed(self._running):
            _end(process, signal.SIGINT)
            try:
                status = process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                _end(process, signal.SIGKILL)
                process.wait(STOP_S)
                bad.append(f"`{step.command}` did not end {STOP_S:.0f} s after Ctrl-C\n{_read(log)}")
                continue
            if status not in {0, 130, -signal.SIGINT}:
                bad.append(f"`{step.command}` ended with {status} after Ctrl-C\n{_read(log)}")
        self._running.clear()
        if bad and not quiet:
            raise Mismatch("\n".join(bad))


def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the whole session of a process that we started, as a terminal does."""
    if process.poll() is None:
        os.killpg(process.pid, number)


def _read(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else text + "\n"


def _difference(step: Step, said: str) -> str:
    expected = "\n".join(step.expected)
    return f"line {step.line}: `{step.command}`\n--- the page says\n{expected}\n--- it printed\n{said}"
