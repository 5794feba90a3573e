# SPDX-License-Identifier: Apache-2.0
"""`answerable read`: what the label of a file says, each layer on its own, and the verdict. Nobody is asked but, where
there is a service, which label keys are whose."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, fail, language, pick

if TYPE_CHECKING:
    from pathlib import Path

    from answerable.labels.reading import FileReading, LayerReading, Trust

EXAMPLES: Final = """\
  answerable read picture.png                      every layer, and the verdict
  answerable read *.jpg --json
  answerable read picture.png --pins pins.txt --anchor root.pem
                                                   whose keys and certificates are known; no service is asked
"""
# Exit status of each verdict; of several files the highest.
STATUS: Final = {"labelled": 0, "not_labelled": 1, "inconsistent": 1, "could_not_check": 4}
_VERDICTS: Final = {
    "labelled": ("labelled", "有标识"),
    "not_labelled": ("not labelled", "无标识"),
    "inconsistent": ("inconsistent", "标识相互矛盾"),
    "could_not_check": ("could not be checked", "无法核验"),
}


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.add_argument("files", metavar="FILE", nargs="+", help="files; their content tells the format")
    parser.add_argument("--pins", metavar="FILE", help="whose label keys are whose; default: the service's registry")
    parser.add_argument("--anchor", metavar="PEM", action="append", default=[], help="root certificate of C2PA signers")
    parser.add_argument(
        "--full",
        action="store_true",
        help="also what takes seconds: watermarks of resized pictures, words on pictures and videos, marks in sound",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Of several files that one cannot be opened is told, and the others are read."""
    from answerable.cli import words
    from answerable.errors import AnswerableError
    from answerable.labels.reading import read_label

    trust = trust_of(args)
    shown: list[dict[str, Any]] = []
    lines: list[str] = []
    status = 0
    for name in args.files:
        try:
            reading = words.read(args, name, read_label(name, trust=trust, search="full" if args.full else "place"))
        except AnswerableError as error:
            if len(args.files) == 1:
                raise
            status = max(status, fail(argparse.Namespace(json=False), error, name))
            shown.append({"file": name, "error": error.as_dict()})
        else:
            status = max(status, STATUS[str(reading.verdict)])
            shown.append(as_json(name, reading))
            lines += told(name, reading)
    emit(args, shown[0] if len(shown) == 1 else shown, lines)
    return status


def trust_of(args: argparse.Namespace) -> Trust:
    """What the options name; without `--pins` the keys in the registry of the service here, if one answers."""
    from dataclasses import replace

    from answerable.labels.reading import Trust

    trust = replace(Trust.load(label_keys=args.pins, anchors=args.anchor), watermark_keys=_own_watermarks(args))
    return trust if args.pins else replace(trust, label_keys=registered(args))


def _own_watermarks(args: argparse.Namespace) -> tuple[bytes, ...]:
    """The store's own key, where there is a store here that has one and lets this person read it."""
    from answerable.cli.where import place
    from answerable.errors import AnswerableError

    try:
        return own_watermarks(place(args).store)
    except (AnswerableError, OSError):
        return ()


def own_watermarks(store: Path) -> tuple[bytes, ...]:
    """The store's key, if it has made one and lets this person read it."""
    from answerable.app.keys import FOLDER, watermark_key
    from answerable.errors import AnswerableError

    try:
        return (watermark_key(store),) if (store / FOLDER / "watermark.secret").is_file() else ()
    except (AnswerableError, OSError):
        return ()


def registered(args: argparse.Namespace) -> dict[bytes, str]:
    """The label keys of the registry, as a reader pins them; none where there is no store here or nobody answers."""
    from answerable.cli.session import session
    from answerable.crypto.b64 import unb64u
    from answerable.errors import AnswerableError
    from answerable.marks.signature import ED25519, info_of

    try:
        rows = session(args).get("/labels/keys")
    except AnswerableError:
        return {}
    return {info_of(ED25519, unb64u(row["key"])): row["party"] for row in rows}


def as_json(name: str, found: FileReading) -> dict[str, Any]:
    from msgspec import to_builtins

    return {
        "file": name,
        "format": found.format,
        "verdict": str(found.verdict),
        "record": found.record,
        "aigc": to_builtins(found.aigc) if found.aigc is not None else None,
        "layers": {
            layer.name: {
                "state": layer.state,
                "records": list(layer.records),
                **{key: to_builtins(value) for key, value in layer.details.items()},
                "problems": list(layer.problems),
            }
            for layer in found.layers
        },
        "propagator": str(found.propagation),
        "contradictions": list(found.contradictions),
    }


def told(name: str, found: FileReading) -> list[str]:
    from answerable.errors.details import chinese

    head = f"{name}: {pick(*_VERDICTS[str(found.verdict)])}"
    lines = [head + (f" ({found.format})" if found.format else "")]
    for layer in found.layers:
        lines += _unreadable(layer) if layer.state == "unreadable" else [f"  {layer.name}: {_layer(layer)}"]
    if found.aigc is not None:
        label = found.aigc
        lines.append(f"  ContentProducer {label.content_producer}  ProduceID {label.produce_id}")
        if label.content_propagator:
            lines.append(
                f"  ContentPropagator {label.content_propagator}  PropagateID {label.propagate_id}  "
                f"({found.propagation})"
            )
    if found.record:
        lines.append(
            pick(f"  record {found.record}: answerable who {name}", f"  记录 {found.record}：answerable who {name}")
        )
    lines += [f"  ! {pick(each, chinese(each))}" for each in found.contradictions]
    # What strangers wrote stays on the line where it is quoted.
    return [line.replace("\n", "\\n") for line in lines]


def _unreadable(layer: LayerReading) -> list[str]:
    """Why nothing of a file can be read, and what can be done about it."""
    from answerable.errors import VerificationError

    code, detail = layer.problems
    error = VerificationError(code, format=layer.details.get("format", ""), detail=detail)
    return [f"  {code}: {error.reason(language())}", f"  → {error.remedy(language())}"]


def _layer(layer: LayerReading) -> str:
    said = [layer.state, *layer.records]
    if producer := layer.details.get("producer"):
        said.append(str(producer))
    if "seen" in layer.details:
        said.append(pick(str(layer.details["seen"]), str(layer.details["seen_zh"])))
    if "log10_p" in layer.details:
        said.append(f"p = {layer.details['p_value']:.1e} over {layer.details['scored']} tokens")
    return ", ".join(said) + (f"; {', '.join(layer.problems)}" if layer.problems else "")
