# SPDX-License-Identifier: Apache-2.0
"""`feed`: what an authority is told: registrations, incidents, stop orders, checkpoints; signed, page by page.

A folder of pages is all there is: `1.json`, `2.json` and so on. Where a reader stands is read off the pages it has.
"""

from __future__ import annotations

import argparse
import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, when

if TYPE_CHECKING:
    from answerable.log.trust import Trust
    from answerable.privacy.feed import Cursor, Page

EXAMPLES: Final = """\
  answerable feed publish DIR                                the operator: pages as static files, for any web server
  answerable feed pull https://log.example/feed --trust trust.txt --into DIR     the authority: what is new, verified
  answerable feed pull --party LEIXG-... --trust trust.txt --into DIR            ... from the service, by its own key
  answerable feed verify DIR --trust trust.txt               all pages of a folder, offline
"""
MAX_PAGE: Final = 1 << 20


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    out = new_verb("publish", "write the pages that a folder lacks")
    out.add_argument("folder", metavar="DIR")
    out.set_defaults(run=publish)
    taking = new_verb("pull", "fetch, verify and keep the pages that a folder lacks")
    taking.add_argument("source", nargs="?", default="", metavar="SOURCE", help="a folder or an http(s) address")
    taking.add_argument("--party", default="", help="an authority: ask the service itself, signed by its key")
    taking.add_argument("--key", default="", metavar="CARD", help="the authority's card, if it is not in the store")
    taking.add_argument("--ca-file", default="", metavar="PEM", help="for an https address, instead of the system's")
    taking.add_argument("--trust", required=True, metavar="FILE", help="by which keys the log is believed")
    taking.add_argument("--into", required=True, metavar="DIR")
    taking.set_defaults(run=pull)
    checking = new_verb("verify", "check every page of a folder, offline")
    checking.add_argument("folder", metavar="DIR")
    checking.add_argument("--trust", required=True, metavar="FILE")
    checking.set_defaults(run=verify)


def publish(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR)
    folder = Path(args.folder)
    trust = here.place.trust()
    fresh = _take(folder, trust, lambda after: here.get("/feed/pages", after=after))
    _tell(args, fresh, folder)
    return 0


def pull(args: argparse.Namespace) -> int:
    from answerable.admission import proof
    from answerable.cli.client import Client
    from answerable.cli.session import part, session, url
    from answerable.cli.statements import party_card
    from answerable.errors import Refused
    from answerable.net.source import open_source

    if bool(args.source) is bool(args.party):
        raise Refused("admin.request", detail="one of SOURCE, --party")
    if args.source:
        source = open_source(args.source, ca_file=args.ca_file)

        def ask(after: int) -> dict[str, Any]:
            data = source.get(f"{after + 1}.json", MAX_PAGE)
            return {"pages": [base64.b64encode(data).decode()] if data else [], "more": data is not None}

    else:
        here = session(args)
        party = here.get(f"/parties/{part(args.party)}")["party"]["rid"]
        client = Client(here.place.socket, here.origin, party_card(here, party, args.key).signer, proof.PARTY)

        def ask(after: int) -> dict[str, Any]:
            found: dict[str, Any] = client.get(url("/feed", {"after": after}))
            return found

    folder = Path(args.into)
    _tell(args, _take(folder, _trust(args.trust), ask), folder)
    return 0


def verify(args: argparse.Namespace) -> int:
    folder = Path(args.folder)
    found, _ = _known(folder, _trust(args.trust))
    _tell(args, found, folder)
    return 0


def _trust(path: str) -> Trust:
    from answerable.cli.where import read_bytes
    from answerable.log.trust import parse

    return parse(read_bytes(path, MAX_PAGE))


def _known(folder: Path, trust: Trust) -> tuple[list[Page], Cursor]:
    """The pages that are there, verified, and where they end. Raises VerificationError, Unavailable ``admin.file``."""
    from answerable.cli.where import read_bytes
    from answerable.privacy.feed import Cursor, verify

    cursor, found = Cursor(), []
    while (path := folder / f"{cursor.number + 1}.json").exists():
        page, cursor = verify(read_bytes(str(path), MAX_PAGE), trust, cursor)
        found.append(page)
    return found, cursor


def _take(folder: Path, trust: Trust, ask: Callable[[int], dict[str, Any]]) -> list[Page]:
    """Fetch what follows, verify each page before it is kept, and keep it whole or not at all."""
    from answerable import durable
    from answerable.privacy.feed import verify

    folder.mkdir(parents=True, exist_ok=True)
    _, cursor = _known(folder, trust)
    fresh = []
    more = True
    while more:
        answer = ask(cursor.number)
        for text in answer["pages"]:
            data = base64.b64decode(text)
            page, cursor = verify(data, trust, cursor)
            durable.write(folder / f"{page.number}.json", data, 0o644)
            fresh.append(page)
        more = answer["more"]
    return fresh


def _tell(args: argparse.Namespace, pages: list[Page], folder: Path) -> None:
    import msgspec

    data = [
        {
            "number": page.number,
            "at": page.at,
            "start": page.start,
            "end": page.end,
            "entries": [
                {"index": index, "rid": rid, "leaf": msgspec.to_builtins(leaf)} for index, rid, leaf in page.entries
            ],
        }
        for page in pages
    ]
    emit(args, {"pages": data}, _lines(pages, folder))


def _lines(pages: list[Page], folder: Path) -> Iterator[str]:
    import msgspec

    from answerable.cli.log import line

    for page in pages:
        yield pick(
            f"page {page.number}, {when(page.at)}: leaves {page.start} to {page.end}, {len(page.entries)} entries",
            f"第 {page.number} 页，{when(page.at)}：叶子 {page.start} 至 {page.end}，{len(page.entries)} 条",
        )
        for index, rid, leaf in page.entries:
            told = msgspec.to_builtins(leaf)
            yield line({"index": index, "at": told["t"], "kind": told["k"], "rid": rid, "leaf": told})
    yield pick(f"{len(pages)} pages verified; they are in {folder}.", f"已核验 {len(pages)} 页，位于 {folder}。")
