# SPDX-License-Identifier: Apache-2.0
"""`announce` and `register`: the moments of build and of use."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick
from answerable.model.terms import Audience, Criticality, Locality, Measure, Relation, Role, SystemKind, World

EXAMPLES: Final = {
    "announce": """\
  answerable announce --name base-model-2 --kind model --party LEIXG-... --parent base-model:finetune
""",
    "register": """\
  answerable register --name base-model --version 1 --kind model --party LEIXG-...:provider \\
      --weights model.gguf --licence Apache-2.0 --capability text --parameters 135000000 --tokens 2000000000000
  answerable register --name helper --version 1 --kind agent --party LEIXG-...:deployer --uses base-model
  answerable register --file system.json               the whole request in one file
""",
}
MAX_FILE: Final = 1 << 20
NO_TOOL: Final = "none"


def add(parser: Parser) -> None:
    verb = parser.prog.rpartition(" ")[2]
    parser.examples = EXAMPLES[verb]
    parser.add_argument("--name")
    parser.add_argument("--kind", choices=[kind.value for kind in SystemKind])
    relations = ", ".join(relation.value for relation in Relation)
    parser.add_argument("--parent", action="append", default=[], metavar="SYSTEM:RELATION", help=relations)
    parser.add_argument("--uses", action="append", default=[], metavar="SYSTEM", help="short for --parent SYSTEM:uses")
    parser.add_argument("--file", metavar="FILE", help="the request as JSON; what is given beside it comes before it")
    if verb == "announce":
        parser.add_argument("--party", help="who will answer")
        parser.set_defaults(run=announce)
        return
    roles = ", ".join(role.value for role in Role)
    parser.add_argument("--version")
    parser.add_argument("--party", action="append", default=[], metavar="PARTY:ROLE", help=roles)
    parser.add_argument("--audience", choices=[audience.value for audience in Audience])
    parser.add_argument("--world", action="append", default=[], choices=[world.value for world in World])
    parser.add_argument("--criticality", choices=[criticality.value for criticality in Criticality])
    parser.add_argument("--tool", action="append", default=[], metavar="SERVER/TOOL",
                        help="what it may call: server/tool, server/*, * (as without this), or none")  # fmt: skip
    parser.add_argument("--max-criticality", choices=[criticality.value for criticality in Criticality],
                        help="the gravest that its tool calls may be; its own criticality as without this")  # fmt: skip
    parser.add_argument("--capability", action="append", default=[], help="a word of the tier table")
    parser.add_argument("--users", type=int, help="users a month")
    parser.add_argument("--digest", action="append", default=[], metavar="sha256:HEX")
    parser.add_argument("--weights", action="append", default=[], metavar="FILE", help="its SHA-256 is registered")
    parser.add_argument("--licence", help="SPDX expression")
    parser.add_argument("--petaflop", type=int, help="training compute, 1e15 operations")
    parser.add_argument("--measure", choices=[measure.value for measure in Measure])
    parser.add_argument("--parameters", type=int, help="with --tokens: compute is estimated as 6·N·D")
    parser.add_argument("--tokens", type=int)
    parser.add_argument("--opaque", action="append", default=[], metavar="MEMBER=VALUE",
                        help="a closed model: provider, endpoint, model, version, filing, probe")  # fmt: skip
    parser.add_argument("--announced", metavar="RID", help="record id of its announcement")
    parser.add_argument("--reauthorises", metavar="ID", help="the system id that a reauthorisation made")
    parser.add_argument("--owner", action="append", default=[], metavar="PARTY=SHARES",
                        help="a co-owner; owners with --owners-need shares order about the system")  # fmt: skip
    parser.add_argument("--owners-need", type=int, metavar="N")
    parser.add_argument("--upstream", help="name of the configured upstream that serves it")
    parser.add_argument("--locality", choices=[locality.value for locality in Locality])
    parser.set_defaults(run=register)


def announce(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    body = _given(args, name=args.name, kind=args.kind, party=args.party, edges=edges(args))
    done = session(args, AdminRole.OPERATOR).post("/announcements", body)
    emit(args, done, [pick(f"Announced: record {done['rid']}.", f"已预告：记录 {done['rid']}。")])
    return 0


def register(args: argparse.Namespace) -> int:
    from answerable.cli.look import described
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.OPERATOR).post("/systems", request(args))
    emit(args, done, [pick(f"Registered: record {done['rid']}.", f"已登记：记录 {done['rid']}。"), *described(done)])
    return 0


def request(args: argparse.Namespace) -> dict[str, Any]:
    """The body of a registration, from flags and file. Raises Refused ``admin.request``."""
    compute = _present(petaflop=args.petaflop, measure=args.measure, parameters=args.parameters, tokens=args.tokens)
    body = _given(
        args,
        name=args.name,
        version=args.version,
        kind=args.kind,
        parties=[
            {"party": ref, "role": role} for ref, role in (_pair(text, "--party PARTY:ROLE") for text in args.party)
        ],
        edges=edges(args),
        audience=args.audience,
        worlds=args.world,
        criticality=args.criticality,
        capabilities=args.capability,
        users=args.users,
        digests=[*args.digest, *map(_digest, args.weights)],
        licence=args.licence,
        compute=compute or None,
        opaque=dict(_assignment(text) for text in args.opaque) or None,
        announced=args.announced,
        reauthorises=args.reauthorises,
        upstream=args.upstream,
        locality=args.locality,
        owners=owners(args),
        max_criticality=args.max_criticality,
    )
    if args.tool:
        body["tools"] = scope(args.tool)
    # Left out, it is the registry's to refuse: nothing is registered without a party.
    body.setdefault("parties", [])
    return body


def scope(given: list[str]) -> list[str]:
    """The patterns of `--tool`; none where that is said. Raises Refused ``admin.request``."""
    from answerable.errors import Refused

    if NO_TOOL not in given:
        return given
    if len(given) > 1:
        raise Refused("admin.request", detail="--tool none stands alone")
    return []


def owners(args: argparse.Namespace) -> dict[str, Any] | None:
    """Raises Refused ``admin.request``."""
    from answerable.errors import Refused

    if not args.owner:
        return None
    pairs = [text.rpartition("=") for text in args.owner]
    if args.owners_need is None or not all(name and count.isascii() and count.isdigit() for name, _, count in pairs):
        raise Refused("admin.request", detail="--owner PARTY=SHARES and --owners-need N go together")
    return {"shares": [{"party": name, "count": int(count)} for name, _, count in pairs], "need": args.owners_need}


def edges(args: argparse.Namespace) -> list[dict[str, str]]:
    pairs = [_pair(text, "--parent SYSTEM:RELATION") for text in args.parent]
    pairs += [(ref, Relation.USES.value) for ref in args.uses]
    return [{"parent": ref, "relation": relation} for ref, relation in pairs]


def _given(args: argparse.Namespace, **members: Any) -> dict[str, Any]:
    """What the file says, and over it what the flags say."""
    from answerable.cli.where import read_bytes
    from answerable.errors import Refused

    body: dict[str, Any] = {}
    if args.file:
        try:
            body = dict(json.loads(read_bytes(args.file, MAX_FILE)))
        except (ValueError, TypeError):
            raise Refused("admin.request", detail=f"{args.file} is not a JSON object") from None
    return {**body, **_present(**members)}


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, [], "")}


def _pair(text: str, form: str) -> tuple[str, str]:
    from answerable.errors import Refused

    ref, colon, word = text.rpartition(":")
    if not colon or not ref or not word:
        raise Refused("admin.request", detail=f"{text!r} is not of the form {form}")
    return ref, word


def _assignment(text: str) -> tuple[str, str]:
    from answerable.errors import Refused

    name, equals, value = text.partition("=")
    if not equals:
        raise Refused("admin.request", detail=f"{text!r} is not of the form --opaque MEMBER=VALUE")
    return name, value


def _digest(path: str) -> str:
    import hashlib
    from pathlib import Path

    from answerable.errors import Unavailable

    try:
        with Path(path).open("rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Unavailable("admin.file", file=path, detail=error.strerror or "cannot be read") from None
