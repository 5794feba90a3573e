# SPDX-License-Identifier: Apache-2.0
"""`answerable label`: label files. With a service each gets a record, which stands in the log before the file gets its
name; with `--provider` it is the library alone. Nothing here removes a label.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from answerable.cli import label_check
from answerable.cli.parser import Parser
from answerable.cli.talk import emit, fail, language, pick, say

if TYPE_CHECKING:
    from answerable.cli.session import Session
    from answerable.labels.explicit.plan import Plan
    from answerable.labels.identity import Labeller
    from answerable.labels.labelling import Labelled

EXAMPLES: Final = """\
  answerable label picture.png --system painter    a record in the log, and picture.labelled.png
  answerable label *.jpg --out-dir labelled        the labelled files under their own names
  answerable label clip.mp4 --corner top-left --seconds 5 --icon
                                                   where the words stand, and for how long
  answerable label talk.mp3 --in-place             replaced in one step, once all was read back
  answerable label a.png --provider CODE --key label.key
                                                   without a service: a drawn id that no log knows
"""
# What the log has of another party's and looks or sounds like this file: told of, since likeness proves nothing.
ALIKE: Final = "alike:"
# Options of the words that people see, by the member of the plan that they are.
PLANNED: Final = {
    "words": "words", "corner": "corner", "share": "share", "icon": "icon", "place": "where", "sound": "sound",
    "seconds": "seconds",
}  # fmt: skip
PARENT: Final = "c2pa.parent:"  # as `labels.stages.PARENT`, which is imported late
LAYERS: Final = frozenset({"explicit", "aigc", "c2pa", "watermark"})


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES + label_check.EXAMPLES
    parser.add_argument("files", metavar="FILE", nargs="+", help="what is to be labelled; its content tells the format")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-o", "--out", metavar="FILE", help="the labelled file, of one source; default: NAME.labelled.EXT"
    )
    where.add_argument("--out-dir", metavar="DIR", help="a folder for the labelled files")
    where.add_argument("--in-place", action="store_true", help="replace each source, in one step")
    parser.add_argument("--system", metavar="NAME", default="", help="what made it; default: the only one that runs")
    parser.add_argument(
        "--explicit", choices=("en", "zh", "both", "none"), help="words that people see; default: yours"
    )
    parser.add_argument("--words", metavar="TEXT", default="", help="other words than the usual ones")
    parser.add_argument("--corner", metavar="WHERE", help="on pictures and video: top-left, bottom, …; bottom-right")
    parser.add_argument("--share", metavar="F", type=float, help="height of a glyph by the shortest side; 0.05")
    parser.add_argument("--icon", action="store_true", help="on pictures and video: the EU's icon before the words")
    parser.add_argument("--place", metavar="WHERE", help="in text and sound: start, middle or end; start")
    parser.add_argument("--sound", metavar="HOW", help="in sound: rhythm, or spoken where a voice is installed; rhythm")
    parser.add_argument("--seconds", metavar="S", type=float, help="how long a video shows it; 3")
    parser.add_argument("--no-watermark", action="store_true", help="leave the pixels of pictures as they are")
    parser.add_argument("--require", metavar="LAYER,…", default="", help="label nothing that cannot carry these layers")
    parser.add_argument("--system-version", metavar="V", default="", help="without a service: its version")
    parser.add_argument("--provider", metavar="CODE", default="", help="no service: label under this provider code")
    parser.add_argument("--key", metavar="FILE", help="without a service: the key that signs the AIGC object")
    parser.add_argument("--c2pa", metavar="DIR", help="without a service: the chain that signs C2PA manifests")
    label_check.options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.errors import AnswerableError, Refused
    from answerable.model.terms import AdminRole

    if args.files[0] == label_check.WORD:
        return label_check.run(args)
    label_check.refuse(args)
    if args.out and len(args.files) > 1:
        raise Refused("admin.request", detail="-o names one file; --out-dir takes several")
    if (args.key or args.c2pa or args.system_version) and not args.provider:
        raise Refused(
            "admin.request", detail="--key, --c2pa and --system-version are for --provider: the service has its own"
        )
    _required(args)  # before a record is made for nothing
    _words(args)
    if args.provider:
        one: Callable[[Path, Path], Labelled] = partial(_alone, _by_hand(args), args.in_place)
    else:
        try:
            one = partial(_recorded, session(args, AdminRole.OPERATOR), args)
        except AnswerableError as error:
            if error.code == "admin.no_store":
                say(
                    "Without a service: answerable label FILE --provider CODE --key label.key",
                    "不使用服务时：answerable label FILE --provider CODE --key label.key",
                )
            raise
    done: list[dict[str, Any]] = []
    lines: list[str] = []
    status = 0
    for name in args.files:
        source = Path(name)
        try:
            made = one(source, _target(args, source))
        except AnswerableError as error:
            if len(args.files) == 1:
                raise
            status = max(status, fail(argparse.Namespace(json=False), error, name))
            done.append({"source": name, "error": error.as_dict()})
        else:
            done.append(_shown(name, made))
            lines.append(_line(name, made))
    emit(args, done[0] if len(args.files) == 1 else done, lines)
    return status


def _target(args: argparse.Namespace, source: Path) -> Path:
    """Raises Refused ``label.target`` for a folder that cannot be made."""
    from answerable.errors import Refused

    if args.in_place:
        return source
    if args.out:
        return Path(args.out)
    if args.out_dir:
        folder = Path(args.out_dir)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused("label.target", path=args.out_dir, detail=error.strerror or "cannot be made") from None
        return folder / source.name
    return source.with_name(f"{source.stem}.labelled{source.suffix}")


def _by_hand(args: argparse.Namespace) -> Labeller:
    from answerable.labels.chain import Chain
    from answerable.labels.identity import Labeller, load_key

    return Labeller(
        _provider(args.provider),
        load_key(args.key) if args.key else None,
        Chain.load(Path(args.c2pa)) if args.c2pa else None,
        require=_required(args),
        explicit=_words(args),
        system=args.system,
        agent=(args.system, args.system_version),
    )


def _provider(code: str) -> str:
    """`code` itself, if it is a provider code or a party id. Raises VerificationError ``label.provider_code``."""
    from answerable.errors import Refused
    from answerable.marks import provider_code
    from answerable.registry import ids

    try:
        ids.parse(code)
    except Refused:
        provider_code.parse(code)
    return code


def _words(args: argparse.Namespace) -> Plan | None:
    from answerable.errors import Refused
    from answerable.labels.explicit.plan import Corner, Plan, Sound, Where

    given = [
        option for option in PLANNED if getattr(args, option) not in (None, "") and vars(args)[option] is not False
    ]
    chosen = args.explicit or language()
    if chosen == "none":
        if given:
            raise Refused("admin.request", detail=f"--{given[0]} is of words, and --explicit none has none")
        return None
    asked: dict[str, Any] = {PLANNED[option]: getattr(args, option) for option in given}
    for to, kind in (("corner", Corner), ("where", Where), ("sound", Sound)):
        if asked.get(to) in tuple(kind):
            asked[to] = kind(asked[to])
    return Plan(chosen, **asked)


def _required(args: argparse.Namespace) -> frozenset[str]:
    from answerable.errors import Refused

    named = frozenset(name.strip() for name in args.require.split(",") if name.strip())
    if unknown := sorted(named - LAYERS):
        raise Refused("admin.request", detail=f"{unknown[0]} is no layer; there are {', '.join(sorted(LAYERS))}")
    return named


def _alone(by: Labeller, in_place: bool, source: Path, target: Path) -> Labelled:
    from answerable.labels.labelling import label

    return label(source, target, by=by, in_place=in_place)


def _recorded(here: Session, args: argparse.Namespace, source: Path, target: Path) -> Labelled:
    """Ask for a record, label, and have what was made recorded before the file gets its name."""
    import base64
    from dataclasses import replace

    from answerable.labels.files import target_of
    from answerable.labels.labelling import label, survey
    from answerable.marks.aigc import write

    target_of(source, target, in_place=args.in_place)  # before a record is made for nothing
    found = survey(source)
    begun = here.post(
        "/labels",
        {
            "system": args.system,
            "before": found.before.hex(),
            "size": found.size,
            "media": found.media,
            "label": write(found.label) if found.label is not None else "",
            **_asked(here, source),
        },
    )

    def commit(done: Labelled) -> None:
        taken = _taken(done)
        here.post(
            "/labels/end",
            {
                **taken,
                "record": begun["record"],
                "before": done.before.hex(),
                "digest": done.digest.hex(),
                "size": done.size,
                "media": done.media,
                "aigc": write(done.aigc),
                "layers": [layer.name for layer in done.layers if layer.state == "written"],
            },
        )

    with _ended(here, begun["record"]):
        done = label(
            source,
            target,
            by=_of_store(here, begun, args),
            record=begun["record"],
            receipt=base64.b64decode(begun["receipt"]),
            in_place=args.in_place,
            commit=commit,
        )
    if begun["alike"]:
        done = replace(done, problems=(*done.problems, f"{ALIKE}{begun['alike']}"))
    return done


def _asked(here: Session, source: Path) -> dict[str, Any]:
    """By what the log is asked whether another party made it."""
    from answerable.cli.read import own_watermarks
    from answerable.formats.detect import detect
    from answerable.labels.files import opened
    from answerable.labels.tracing import traces

    keys = own_watermarks(here.place.store)
    with opened(source) as file:
        its = traces(file, detect(file), watermark_key=keys[0] if keys else None)
    return {
        "content": its.content.hex(),
        "prints": [each.tag().hex() for each in its.prints],
        "watermark": its.watermark,
    }


def _taken(done: Labelled) -> dict[str, Any]:
    """By what the file is found again when its bytes have changed."""
    from answerable.errors import VerificationError
    from answerable.formats.detect import detect
    from answerable.labels.tracing import traces
    from answerable.labels.watermarking import payload_of

    if done.made is None:  # it stands open for as long as `commit` runs, and this is asked there alone
        raise VerificationError("label.read_back", layer="file", detail="it was closed before it was recorded")
    its = traces(done.made, detect(done.made))
    marked = any(layer.name == "watermark" and layer.state == "written" for layer in done.layers)
    return {
        "content": its.content.hex(),
        "prints": [each.tag().hex() for each in its.prints],
        "sketch": list(its.sketch),
        "watermark": payload_of(done.record) if marked else None,
    }


@contextmanager
def _ended(here: Session, record: str) -> Iterator[None]:
    """A record that nothing came of says why."""
    from answerable.errors import AnswerableError

    try:
        yield
    except BaseException as error:
        code = error.code if isinstance(error, AnswerableError) else "internal.error"
        with suppress(AnswerableError):  # ended already, or the service is gone: then its next start closes it
            here.post("/labels/end", {"record": record, "error": code})
        raise


def _of_store(here: Session, begun: dict[str, Any], args: argparse.Namespace) -> Labeller:
    """The store's own keys: made by the service when it gave the record."""
    from answerable.app.keys import label_key, watermark_key
    from answerable.labels.chain import Chain
    from answerable.labels.identity import Labeller

    config = here.place.config
    labels = config.labels
    return Labeller(
        begun["provider"],
        label_key(config.store_path),
        Chain.load(Path(labels.c2pa).expanduser(), labels.c2pa_tsa) if labels.c2pa else None,
        watermark_key(config.store_path) if labels.watermark and not args.no_watermark else None,
        _required(args),
        _words(args),
        system=begun["system"],
        party=begun["party"],
        agent=_agent(here, begun["system"]),
    )


def _agent(here: Session, system: str) -> tuple[str, str]:
    """Name and version of the system, as the registry has them."""
    shown = here.get(f"/systems/{system}")
    return shown["name"], shown["version"]


def _shown(name: str, done: Labelled) -> dict[str, Any]:
    from msgspec import to_builtins

    return {
        "source": name,
        "file": str(done.path),
        "format": done.format,
        "role": str(done.role),
        "record": done.record,
        "aigc": to_builtins(done.aigc),
        "layers": {layer.name: layer.state for layer in done.layers},
        "problems": list(done.problems),
        "sha256": done.digest.hex(),
    }


def _line(name: str, done: Labelled) -> str:
    layers = ", ".join(f"{layer.name} ({layer.state})" for layer in done.layers)
    roles = {
        "producer": pick("labelled", "已添加标识"),
        "propagator": pick("kept its producer's label and named us as propagator", "保留原生产者标识并记为传播者"),
        "kept": pick("kept the label that stood there", "保留原有标识"),
    }
    line = f"{name} → {done.path}: {roles[str(done.role)]}; {pick('record', '记录')} {done.record}; {layers}"
    line = line.replace("\n", "\\n")  # of a file's name
    if any(each.startswith(PARENT) for each in done.problems):
        line += pick(
            "\n  ! the C2PA manifest that stood there does not hold; it is kept as a parent, and said to be broken",
            "\n  ! 原有的 C2PA 清单已失效；作为父级保留并注明已失效",
        )
    for record in (each.removeprefix(ALIKE) for each in done.problems if each.startswith(ALIKE)):
        line += pick(
            f"\n  ! it is like what another party's record {record} is of: answerable who {record}",
            f"\n  ! 与他方记录 {record} 的内容相似：answerable who {record}",
        )
    return line
