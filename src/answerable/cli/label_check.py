# SPDX-License-Identifier: Apache-2.0
"""`answerable label check FILE… --rules cn|eu|ca`: whether labels are what the rules ask for, clause by clause. A
folder is checked with all below it, by several processes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, harmless, language, pick

if TYPE_CHECKING:
    from answerable.labels.rules.report import Report
    from answerable.labels.rules.verdicts import Checked

MIN_KEY: Final = 16
MAX_KEY: Final = 4_096
WORD: Final = "check"
EXAMPLES: Final = """\
  answerable label check pictures --rules cn       a folder, clause by clause
  answerable label check a.png --rules eu --ai --report a.html
                                                   what lacks is noncompliant: AI made it, say I
"""
# What these options hold where nobody gave them.
_DEFAULTS: Final[dict[str, Any]] = {
    "rules": "",
    "ai": False,
    "deployer": False,
    "report": None,
    "jobs": 0,
    "pins": None,
    "watermark_key": [],
    "anchor": [],
}
_LABELLING: Final = (
    "out", "out_dir", "in_place", "system", "system_version", "explicit", "no_watermark", "require", "provider", "key",
    "c2pa",
)  # fmt: skip
_FORMS: Final = {".md": "markdown", ".html": "page", ".htm": "page", ".txt": "lines"}


def options(parser: Parser) -> None:
    """Of `answerable label`, beside its own: they are for `check` alone."""
    group = parser.add_argument_group("label check FILE… (a file of that name is ./check)")
    group.add_argument("--rules", choices=("cn", "eu", "ca"), default="", help="GB 45438-2025, AI Act Art. 50, SB 942")
    group.add_argument("--ai", action="store_true", help="a model made them, say I: what lacks is noncompliant")
    group.add_argument("--deployer", action="store_true", help="also what binds who publishes them")
    group.add_argument("--report", metavar="FILE", help="a page too: .html, .md or .txt")
    group.add_argument("--jobs", metavar="N", type=int, default=0, help="processes; default: one a core")
    group.add_argument("--pins", metavar="FILE", help="whose label keys are whose; default: the service's registry")
    group.add_argument(
        "--watermark-key", metavar="FILE", action="append", default=[], help="a key under which pictures were marked"
    )
    group.add_argument("--anchor", metavar="PEM", action="append", default=[], help="root certificate of C2PA signers")


def refuse(args: argparse.Namespace) -> None:
    """Raises Refused ``admin.request`` for an option of `check` without it."""
    from answerable.errors import Refused

    for name, value in _DEFAULTS.items():
        if getattr(args, name) != value:
            raise Refused("admin.request", detail=f"--{name.replace('_', '-')} is for answerable label check")


def run(args: argparse.Namespace) -> int:
    """The first of `args.files` is `check`. The exit status is that of the verdict on all: 0 compliant, 1 one is
    noncompliant, 4 one is inconclusive, 3 nothing was found and nobody says that a model made them."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from answerable.cli.read import trust_of
    from answerable.labels.rules import folder, worker
    from answerable.labels.rules.book import book
    from answerable.labels.rules.report import Report, as_json, lines
    from answerable.labels.rules.verdicts import STATUS

    _demand(args)
    names = list(folder.files(args.files[1:]))
    day = datetime.now(UTC).date()
    trust = trust_of(args)
    trust = replace(trust, watermark_keys=(*trust.watermark_keys, *map(_key, args.watermark_key)))
    task = worker.task(trust, args.rules, ai=args.ai, deployer=args.deployer, on=day)
    found: dict[int, Checked] = {}
    progress = _Progress(len(names))
    for number, name, checked in folder.check_all(names, task, jobs=args.jobs):
        found[number] = checked
        progress.tell(name)
    progress.end()
    files = [(name, found[number]) for number, name in enumerate(names)]
    report = Report(book(args.rules), files, day, args.ai, args.deployer, language())
    if args.report:
        _write(Path(args.report), report)
    emit(args, as_json(report), lines(report))
    return STATUS[report.verdict] if files else 3


def _key(name: str) -> bytes:
    """Raises Refused ``label.source`` for what is no key: 16 bytes or more, as `answerable.labels` takes it."""
    from answerable.errors import Refused

    try:
        with Path(name).open("rb") as file:
            key = file.read(MAX_KEY + 1)
    except OSError as error:
        raise Refused("label.source", path=name, detail=error.strerror or "cannot be read") from None
    if not MIN_KEY <= len(key) <= MAX_KEY:
        raise Refused("label.source", path=name, detail=f"a watermark key is {MIN_KEY} to {MAX_KEY} bytes")
    return key


def _demand(args: argparse.Namespace) -> None:
    from answerable.errors import Refused

    if len(args.files) < 2:
        raise Refused("admin.request", detail="label check needs a file; a file of the name check is ./check")
    if not args.rules:
        raise Refused("admin.request", detail="label check needs --rules cn, eu or ca")
    if args.jobs < 0:
        raise Refused("admin.request", detail="--jobs is 1 or more")
    if args.report and Path(args.report).suffix.lower() not in _FORMS:
        raise Refused("admin.request", detail="--report takes a name that ends in .html, .md or .txt")
    for name in _LABELLING:
        if getattr(args, name, None):
            raise Refused("admin.request", detail=f"--{name.replace('_', '-')} is for labelling, not for label check")


def _write(path: Path, report: Report) -> None:
    from answerable.errors import Refused
    from answerable.labels.rules import report as pages

    form = _FORMS[path.suffix.lower()]
    made = "\n".join(pages.lines(report)) + "\n" if form == "lines" else getattr(pages, form)(report)
    try:
        path.write_text(made, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Refused("label.target", path=str(path), detail=error.strerror or "cannot be written") from None


class _Progress:
    """On stderr: a line that is written over on a terminal, one line in a hundred files elsewhere."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._over = sys.stderr.isatty()

    def tell(self, name: str) -> None:
        self._done += 1
        if self._total < 2:
            return
        if self._over:
            print(f"\r\x1b[K{self._done}/{self._total} {harmless(name)[:60]}", end="", file=sys.stderr, flush=True)
        elif self._done % 100 == 0 or self._done == self._total:
            words = pick("files checked", "个文件已检查")
            print(f"{self._done}/{self._total} {words}", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._over and self._total > 1:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
