# SPDX-License-Identifier: Apache-2.0
"""`log checkpoint`, `log prove`, `log tail`, `log trust`: the transparency log itself; its other verbs have modules of
their own."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, Final

from answerable.cli import (
    log_backup,
    log_erase,
    log_fsck,
    log_holds,
    log_mirror,
    log_monitor,
    log_prove,
    log_rebuild,
    log_retention,
    log_root,
    log_rotate,
    log_serve,
)
from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, when
from answerable.errors import Refused

EXAMPLES: Final = """\
  answerable log tail -n 20            the newest records; --follow goes on
  answerable log prove RECORD_ID       its inclusion proof, checked here
  answerable log checkpoint            the signed head
  answerable log trust > trust.txt     by which key this log is believed; hand it out by a way of your own
  answerable log publish DIR           the whole log as static files, for any web server
"""
POLL_S: Final = 1.0
PAGE: Final = 200


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    head = new_verb("checkpoint", "the signed head of the log")
    head.add_argument("--cosigned", action="store_true", help="the newest that a quorum of witnesses cosigned")
    head.set_defaults(run=checkpoint)
    log_prove.add(new_verb)
    tail_parser = new_verb("tail", "the newest records")
    tail_parser.add_argument("-n", dest="count", type=int, default=20)
    tail_parser.add_argument("-f", "--follow", action="store_true")
    tail_parser.set_defaults(run=tail)
    new_verb("trust", "the trust file of this log").set_defaults(run=trust)
    log_erase.add(new_verb)
    log_holds.add(new_verb)
    log_retention.add(new_verb)
    log_serve.add(new_verb)
    log_mirror.add(new_verb)
    log_monitor.add(new_verb)
    log_root.add(new_verb)
    log_rotate.add(new_verb)
    log_fsck.add(new_verb)
    log_rebuild.add(new_verb)
    log_backup.add(new_verb)


def checkpoint(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    here = session(args)
    head = here.get("/log/checkpoint")
    note = head["cosigned" if args.cosigned else "note"]
    if not note:
        raise Refused("log.no_quorum")
    (here.place.readers_trust() if args.cosigned else here.place.trust()).check(note.encode())
    emit(args, head, [note.rstrip("\n")])
    return 0


def tail(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    here = session(args)
    found = here.get("/log/records", count=max(1, min(args.count, 1000)))
    if not args.follow:
        emit(args, found, map(line, found))
        return 0
    start = 0
    while True:  # until Ctrl-C: that is what was asked for
        for entry in found:
            print(json.dumps(entry, ensure_ascii=False) if args.json else line(entry), flush=True)
            start = entry["index"] + 1
        time.sleep(POLL_S)
        found = here.get("/log/records", **{"from": start, "count": PAGE})


def trust(args: argparse.Namespace) -> int:
    from answerable.cli.where import place
    from answerable.log.trust import format

    text = format(place(args).readers_trust()).decode()
    emit(args, {"trust": text}, [text.rstrip("\n")])
    return 0


def line(entry: dict[str, Any]) -> str:
    """A record in one line: place, time, kind, id, and what matters of its kind."""
    return (
        f"{entry['index']:>7}  {when(entry['at'])}  {entry['kind']:<12} {entry['rid']}  {gist(entry['leaf'])}".rstrip()
    )


def gist(leaf: dict[str, Any]) -> str:
    match leaf["k"]:
        case "open":
            return f"{leaf['act']} {leaf['dec']} {leaf['rule']} {leaf.get('err', '')}".rstrip()
        case "close":
            used = leaf.get("u", {})
            tokens = f" {used['in']}+{used['out']} tokens" if used else ""
            return f"{leaf['st']} of {leaf['open']}{tokens} {leaf.get('err', '')}".rstrip()
        case "system" | "party":
            return str(leaf["id"]) + (f" tier {leaf['tier']}" if leaf["k"] == "system" else f" {leaf['std']}")
        case "order":
            return f"{leaf['kind']} {leaf['scope']} {leaf['root']}"
        case "release" | "reauthorisation":
            return f"of order {leaf['order']}"
        case "refused":
            return f"{leaf['of']} {leaf['err']} by {leaf['by']}"
        case "refusals":
            return ", ".join(f"{code} x {count}" for code, count in sorted(leaf["num"].items()))
        case "receipt":
            return f"{leaf['st']} for order {leaf['order']}"
        case "incident":
            return f"{leaf['rl']} {leaf['lvl']} of {leaf['sys']}"
        case "drill":
            return f"{leaf['kind']} {leaf['ans']} answered, {len(leaf['sil'])} did not"
        case "recovery":
            return f"change {leaf['ep']}, {leaf['num']} regained, {len(leaf['wai'])} not waited for"
        case "copy" | "handle":
            return f"{leaf['st']} {leaf.get('id', leaf.get('bnd', ''))}"
        case "warrant":
            return f"copy {leaf['cpy']} until {when(leaf['exp'])}"
        case "erase":
            return f"{leaf['bas']} of {leaf['of']}"
        case "preserve":
            return f"{leaf['st']} {leaf['scope']} {leaf['of']}"
        case "grant":
            return f"{leaf['purp']} of {leaf['of']} until {when(leaf['exp'])}"
        case "read":
            return f"{','.join(leaf['grps'])} of {leaf['of']}"
        case "revoke":
            return f"grant {leaf['grant']}"
        case "key":
            return f"{leaf['use']} {','.join(leaf.get('roles', []))}".rstrip()
        case _:
            return ""
