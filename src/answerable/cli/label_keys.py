# SPDX-License-Identifier: Apache-2.0
"""`keys label` and `keys pins`: a key that signs AIGC objects, and the file by which readers know whose it is."""

from __future__ import annotations

import argparse

from answerable.cli.parser import NewVerb
from answerable.cli.talk import emit, pick


def add(new_verb: NewVerb) -> None:
    made = new_verb("label", "make a key that signs AIGC objects, for labelling without a service")
    made.add_argument("file", metavar="FILE", help="the new key file; never replaced")
    made.add_argument("--algorithm", choices=("Ed25519", "ES256", "SM3withSM2"), default="Ed25519")
    made.add_argument("--party", metavar="ID", default="", help="whose it is: prints the line that readers pin it by")
    made.set_defaults(run=label)
    pins = new_verb("pins", "the label keys in the registry, as the file that readers take with --pins")
    pins.set_defaults(run=pinned)


def label(args: argparse.Namespace) -> int:
    from answerable.labels.identity import create_key
    from answerable.marks.pins import line
    from answerable.marks.signature import algorithm_of, public_info

    key = create_key(args.file, args.algorithm)
    data = {"file": args.file, "algorithm": args.algorithm, "public": public_info(key).hex()}
    lines = [pick(f"Made {args.file}. Nobody can make it again.", f"已创建 {args.file}，无法再次生成，请妥善保管。")]
    if args.party:
        data["pin"] = line(args.party, algorithm_of(key), key.public).rstrip()
        lines = [data["pin"]]
    emit(args, data, lines)
    return 0


def pinned(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.crypto.b64 import unb64u
    from answerable.marks.pins import line
    from answerable.marks.signature import ED25519

    rows = session(args).get("/labels/keys")
    lines = [line(row["party"], ED25519, unb64u(row["key"])).rstrip() for row in rows]
    emit(args, {"pins": lines}, lines)
    return 0
