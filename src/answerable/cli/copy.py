# SPDX-License-Identifier: Apache-2.0
"""`copy start`: this process becomes a running copy, with a key that never leaves its memory, and runs a program under
its warrant. When the warrant cannot be renewed the program ends.

The program finds the current warrant in the file that ANSWERABLE_WARRANT_FILE names (mode 600, replaced at each
renewal) and the gateway in OPENAI_BASE_URL. We exit with the program's own status, or 1 when a renewal was refused.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when

EXAMPLES: Final = """\
  answerable copy start helper -- python agent.py        the agent runs only while its warrant is renewed
  answerable copy start helper                           holds a warrant until Ctrl-C; its file is printed
  answerable copy endpoint shop --url https://shop.example/     a client elsewhere, which gets handles
  answerable copy ls
  answerable copy end COPY
"""
TICK_S: Final = 0.2  # how soon a program's end or a signal is seen


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new = new_verb("start", "be a running copy of a system; -- CMD runs a program under its warrant")
    new.add_argument("system", metavar="SYSTEM [-- CMD ...]")
    new.set_defaults(run=start)
    elsewhere = new_verb("endpoint", "register a client elsewhere that acts by handles alone")
    elsewhere.add_argument("system", metavar="SYSTEM")
    elsewhere.add_argument("--url", required=True, help="where it runs")
    elsewhere.set_defaults(run=endpoint)
    gone = new_verb("end", "say that a copy runs no more")
    gone.add_argument("copy", metavar="COPY", help="id or record id")
    gone.set_defaults(run=end)
    listing = new_verb("ls", "running copies")
    listing.add_argument("--all", action="store_true", help="ended ones too")
    listing.set_defaults(run=ls)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.look import ps

    return ps(args)


def end(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.OPERATOR).post("/copies/end", {"copy": args.copy})
    emit(args, done, [pick(f"Ended: record {done['rid']}.", f"已结束：记录 {done['rid']}。")])
    return 0


def endpoint(args: argparse.Namespace) -> int:
    """The key is forgotten once it has signed: nobody can ask for this copy's warrants but the gateway, for its
    handles."""
    from answerable.cli.session import session
    from answerable.crypto.ed25519 import Key
    from answerable.model.terms import AdminRole

    done = enrol(session(args, AdminRole.OPERATOR), args.system, Key.generate(), url=args.url)
    emit(args, done, [done["id"]])
    say(f"Next: answerable handles issue {done['id']}", f"下一步：answerable handles issue {done['id']}")
    return 0


def start(args: argparse.Namespace) -> int:
    from answerable.cli.client import exchange
    from answerable.cli.session import session
    from answerable.crypto.ed25519 import Key
    from answerable.guard.lease import Lease
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR)
    key = Key.generate()
    enrolled = enrol(here, args.system, key)
    lease = Lease(
        key,
        copy=enrolled["id"],
        issuer=enrolled["issuer"],
        audience=enrolled["audience"],
        ask=lambda path, body: exchange(
            here.place.socket,
            "POST",
            path,
            body,
            {"content-type": "application/json", "host": "localhost"},
            lease.patience(),
        ),
    )
    try:
        with tempfile.TemporaryDirectory(prefix="answerable-copy-") as folder, _asked_to_end() as asked:
            return _hold(args, lease, enrolled, Path(folder) / "warrant", asked)
    finally:
        end_self(here, key, enrolled["rid"])


def enrol(here: Any, system: str, key: Any, url: str = "") -> dict[str, Any]:
    """Register this process, or the client at `url`, as a copy, by a leaf that its own key signs."""
    from answerable.cli.session import part
    from answerable.crypto.b64 import b64u
    from answerable.crypto.random import nonce
    from answerable.log.statement import to_sign
    from answerable.model.leaves import CopyLeaf
    from answerable.upstreams.process import identity

    found = here.get(f"/systems/{part(system)}")
    drawn, public = nonce(), b64u(key.public)
    leaf = CopyLeaf(
        id=copy_id(found["id"], key.public),
        loc="endpoint" if url else "process",
        n=drawn,
        pub=public,
        st="start",
        sys=found["rid"],
        t=0,
    )
    body = {
        "system": found["rid"],
        "key": public,
        "nonce": drawn,
        "signature": b64u(key.sign(to_sign(leaf, here.origin))),
        **({"endpoint": url} if url else {"process": identity(os.getpid())}),
    }
    enrolled: dict[str, Any] = here.post("/copies", body)
    return enrolled


def copy_id(system: str, public: bytes) -> str:
    """The id of the copy of a system (SPIFFE id) with that key, as `registry.copies` defines it."""
    digest = base64.b32encode(hashlib.sha256(public).digest()).decode("ascii").lower()
    return f"{system}/copy/{digest[:26]}"


def _hold(args: argparse.Namespace, lease: Any, enrolled: dict[str, Any], file: Path, asked: list[int]) -> int:
    from answerable.cli.child import Child, write_private
    from answerable.errors import AnswerableError
    from answerable.guard.lease import mono_ms

    held = lease.next()
    write_private(file, held.token)
    told = {
        "copy": enrolled["id"],
        "record": enrolled["rid"],
        "grant": held.grant,
        "warrant_file": str(file),
        "gateway": enrolled["gateway"],
        "expires": held.expires,
    }
    if args.json:
        print(json.dumps(told), flush=True)
    else:
        say(f"copy {enrolled['id']} runs, warrant until {when(held.expires)}",
            f"运行副本 {enrolled['id']} 已启动，许可至 {when(held.expires)}")  # fmt: skip
        if not args.command:
            print(file, flush=True)
    environ = {**os.environ, "ANSWERABLE_WARRANT_FILE": str(file), "OPENAI_BASE_URL": enrolled["gateway"]}
    child = Child(args.command, environ) if args.command else None
    try:
        while not asked:
            if child is not None and (status := child.wait(TICK_S)) is not None:
                return status
            if child is None:
                time.sleep(TICK_S)
            if mono_ms() >= held.due:
                held = lease.next()
                write_private(file, held.token)
        return (child.end() if child is not None else 0) or 0
    except AnswerableError as error:
        # Refused, or not renewed in time: either way there is no right to go on.
        say(f"The warrant is not renewed: {error}", f"许可未获续期：{error.reason('zh')}")
        return 1
    finally:
        if child is not None:
            child.end()


@contextmanager
def _asked_to_end() -> Iterator[list[int]]:
    """Signals that ask us to end, as they come; the handlers are put back after."""
    asked: list[int] = []
    before = {
        number: signal.signal(number, lambda got, _: asked.append(got)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_self(here: Any, key: Any, rid: str) -> None:
    """Say that this copy runs no more; the service finds out by itself if it is away."""
    from answerable.admission import proof
    from answerable.cli.client import exchange
    from answerable.cli.session import url
    from answerable.errors import AnswerableError
    from answerable.guard.lease import now_ms

    path = url("/copies/self/end")
    token = proof.make(
        key, typ=proof.COPY, kid=rid, origin=here.origin, method="POST", path=path, body=b"", now_ms=now_ms()
    )
    with suppress(AnswerableError):
        exchange(here.place.socket, "POST", path, b"", {"authorization": f"Proof {token}"})
