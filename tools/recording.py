# SPDX-License-Identifier: Apache-2.0
"""Makes the terminal recordings of the READMEs: real commands against a real demo, in a pseudo-terminal, drawn as SVG.

`python -m tools.recording` starts a demo in a folder of its own, runs `SCENES` and writes `docs/pictures/`. A scene is
one command and what it printed; the pictures show them one after another by CSS alone: no script, no font, no address.
`--check` says whether each command is still one that the command line knows and stands in the pictures; exits 1 if not.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "pictures"
COLUMNS: Final = 104
ROWS: Final = 16
CELL, LINE, EDGE = 8.4, 20, 16  # pixels: a column, a row, around the text
COMMAND_S: Final = 60.0  # a command that has not ended by then has failed
TYPED_S: Final = 0.9  # from a command to its output
READ_S: Final = 5.0  # a scene stands at least so long, and so much longer a row
ROW_S: Final = 0.35
ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
FONT: Final = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono CJK SC",monospace'


@dataclass(frozen=True, slots=True)
class Scene:
    """command: as it is shown and run, by bash; refused: it must not exit 0."""

    command: str
    refused: bool = False


ASK: Final = """\
curl -s $OPENAI_BASE_URL/chat/completions -H "authorization: Bearer $OPENAI_API_KEY" \\
  -H 'content-type: application/json' -d '{{"model": "auto", "max_tokens": 40, "temperature": 0,
  "messages": [{{"role": "user", "content": "Write one sentence about the sea."}}]}}'{then}"""
SCENES: Final = (
    Scene(ASK.format(then=" | tee reply.json | cut -c 1-400")),
    Scene("answerable who reply.json --receipt reply.tlog"),
    Scene("sed 's/AI-generated/Written by me/' reply.json > changed.json; answerable who changed.json", refused=True),
    Scene('answerable stop SmolLM2-135M-Instruct --reason "it leaks" --as officer-1 --as officer-2'),
    Scene(ASK.format(then=" | cut -c 1-340")),
    Scene("answerable ls"),
)
PICTURES: Final = {"first-minute.svg": "en", "first-minute.zh.svg": "zh"}


def record(language: str) -> list[list[str]]:
    """The rows that each scene printed, against a demo of its own."""
    with tempfile.TemporaryDirectory(prefix="answerable-recording-") as folder, demo(Path(folder), language) as environ:
        return [_printed(scene, Path(folder), environ) for scene in SCENES]


@contextmanager
def demo(folder: Path, language: str) -> Iterator[Mapping[str, str]]:
    """A running demo; yields the environment of its clients."""
    program = Path(sys.executable).parent / "answerable"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSWERABLE_")}
    environ = {**kept, "ANSWERABLE_LANG": language, "LANG": "C.UTF-8", "TERM": "dumb", "TZ": "UTC"}
    store = folder / "demo"
    process = subprocess.Popen(
        [program, "demo", "--json", "--port", "0", "--store", store],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield {
            **environ,
            "PATH": f"{program.parent}:{environ['PATH']}",
            "OPENAI_BASE_URL": told["gateway"],
            "OPENAI_API_KEY": told["handle"],
            "ANSWERABLE_STORE_PATH": str(store),
        }
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(COMMAND_S)


def _printed(scene: Scene, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """What a command writes to a terminal of our width. Raises RuntimeError if it does not end as the scene says."""
    ours, theirs = pty.openpty()
    script = f"stty cols {COLUMNS}; {scene.command}"
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    timer = threading.Timer(COMMAND_S, process.kill)
    timer.start()
    data = b""
    with suppress(OSError):  # EIO: the other side is closed
        while piece := os.read(ours, 65536):
            data += piece
    os.close(ours)
    status = process.wait()
    timer.cancel()
    text = ESCAPES.sub("", data.decode("utf-8", "replace")).replace(str(folder) + "/", "")
    if (status != 0) != scene.refused:
        raise RuntimeError(f"{scene.command}: ended with {status}\n{text}")
    return wrapped(text.rstrip("\n").split("\n"))


def wrapped(lines: Sequence[str]) -> list[str]:
    """Rows of at most COLUMNS columns; East Asian wide characters take two."""
    rows = []
    for line in lines:
        row, width = "", 0
        for character in line:
            step = 2 if east_asian_width(character) in "WF" else 1
            if width + step > COLUMNS:
                rows.append(row)
                row, width = "", 0
            row, width = row + character, width + step
        rows.append(row)
    return rows


def drawn(printed: Sequence[Sequence[str]]) -> str:
    """The scenes as one animated SVG. The same rows give the same bytes."""
    scenes = []
    for scene, rows in zip(SCENES, printed, strict=True):
        head = wrapped([("$ " if i == 0 else "> ") + line for i, line in enumerate(scene.command.split("\n"))])
        scenes.append((head, list(rows)[: ROWS - len(head)]))
    stands = [TYPED_S + READ_S + ROW_S * len(rows) for _, rows in scenes]
    total = sum(stands)
    width, height = COLUMNS * CELL + 2 * EDGE, ROWS * LINE + 2 * EDGE + 28
    style, body, start = [], [], 0.0
    for number, ((head, rows), stand) in enumerate(zip(scenes, stands, strict=True)):
        last = number == len(scenes) - 1
        for name, begin in ((f"c{number}", start), (f"o{number}", start + TYPED_S)):
            style.append(_keyframes(name, begin / total, (start + stand) / total, total, last=last))
        body.append(_text(f"c{number}", head, 0, "c"))
        body.append(_text(f"o{number}", rows, len(head), "o"))
        start += stand
    dots = "".join(f'<circle cx="{18 + 18 * i}" cy="15" r="5" fill="#555b66"/>' for i in range(3))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="Terminal recording: ask, who, change, stop, refused">\n'
        f"<style>text{{font:14px {FONT};white-space:pre}}.c{{fill:#8fd694}}.o{{fill:#d7dae0}}g{{opacity:0}}\n"
        + "\n".join(style)
        + "\n@media(prefers-reduced-motion:reduce){g{animation:none!important}}</style>\n"
        + f'<rect width="100%" height="100%" rx="8" fill="#1d2026"/>{dots}\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _keyframes(name: str, begin: float, end: float, total: float, *, last: bool) -> str:
    """One group's life in the loop, as shares of it. The last scene also stands where nothing moves."""
    at, gone = f"{begin * 100:.2f}%", f"{end * 100:.2f}%"
    hidden = f"0%{{opacity:0}}{at}{{opacity:1}}{gone}{{opacity:0}}100%{{opacity:0}}" if begin else ""
    shown = hidden or f"0%{{opacity:1}}{gone}{{opacity:0}}100%{{opacity:0}}"
    if last:
        shown = f"0%{{opacity:0}}{at}{{opacity:1}}100%{{opacity:1}}"
    still = f"#{name}{{opacity:1}}" if last else ""
    return f"@keyframes {name}{{{shown}}}{still}#{name}{{animation:{name} {total:.1f}s step-end infinite}}"


def _text(name: str, rows: Sequence[str], first: int, kind: str) -> str:
    lines = "".join(
        f'<text x="{EDGE}" y="{28 + EDGE + LINE * (first + i) + 10}" class="{kind}" xml:space="preserve">'
        f"{escape(row)}</text>"
        for i, row in enumerate(rows)
        if row.strip()
    )
    return f'<g id="{name}">{lines}</g>'


def problems() -> list[str]:
    """What keeps the committed pictures from being true: a command that the command line refuses, or that is not shown;
    anything in a picture that would run or be fetched."""
    from answerable.cli.command import tree, verb_of

    wrong = []
    for scene in SCENES:
        for words in _own(scene.command):
            verb = verb_of(words)
            try:
                tree((verb,) if verb else ()).parse_args(words)
            except SystemExit:
                wrong.append(f"the command line does not know: {shlex.join(words)}")
    for name in PICTURES:
        file = FOLDER / name
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        rows = re.sub(r"</text><text[^>]*>", "", text)
        wrong += [
            f"{name} does not show: {line}"
            for scene in SCENES
            for line in scene.command.split("\n")
            if escape(line) not in rows
        ]
        plain = text.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
        if re.search(r"<script|\bon\w+=|@import|@font-face|url\(|href=", plain):
            wrong.append(f"{name} would run or fetch something")
    return wrong


def _own(command: str) -> Iterator[list[str]]:
    """The words behind each `answerable` in a command."""
    words: list[str] | None = None
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    for word in [*lexer, ";"]:
        if word in (";", "|", "&&", ">", ">>"):
            if words is not None:
                yield words
            words = None
        elif words is not None:
            words.append(word)
        elif word == "answerable":
            words = []


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="record nothing; exit 1 if a picture is not true any more")
    if parser.parse_args(arguments).check:
        for line in (wrong := problems()):
            sys.stderr.write(f"{line}: run `python -m tools.recording`\n")
        return 1 if wrong else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, language in PICTURES.items():
        (FOLDER / name).write_text(drawn(record(language)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
