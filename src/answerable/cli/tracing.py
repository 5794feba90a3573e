# SPDX-License-Identifier: Apache-2.0
"""`answerable who` on a file: what each layer of it says, who answers, and how sure that is.

Digests, fingerprints and the watermark are taken here; the service is asked about them and never sees the file. What it
answers is verified here: the receipt against the trust file, the digest against what the receipt shows, the watermark
against the record's own id.
"""

from __future__ import annotations

import argparse
import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.talk import emit, pick, say, when

if TYPE_CHECKING:
    from answerable.cli.session import Session
    from answerable.formats.carrier import Carrier
    from answerable.labels.reading import FileReading
    from answerable.labels.tracing import Traces
    from answerable.verify.report import Report

# Exit status: yes, no, not found, could not check.
STATUS: Final = {"proven": 0, "matching": 0, "probably": 4, "unsure": 4, "contradicted": 1, "nobody": 3}
_BEGINNINGS: Final = {
    "proven": ("Proven: the log commits to these very bytes.", "已证实：日志记录了这些字节本身。"),
    "matching": ("It matches: {by}.", "相符：{by}。"),
    "probably": (
        "Probably, not certainly: {by}. A part of it, or a likeness, may be all that they have in common.",
        "很可能，但不能确定：{by}。二者可能仅部分相同或相似。",
    ),
}
_NAMES: Final = {
    "label": ("its label", "其标识"),
    "digest": ("its bytes", "其字节"),
    "content": ("what it shows or says, to the last bit", "其内容逐位相同"),
    "watermark": ("its watermark", "其水印"),
    "fingerprint": ("its fingerprint{far}", "其指纹{far}"),
    "words": ("its words{far}", "其文字{far}"),
    "signature": ("the signature of its label", "其标识的签名"),
    "binding": ("what its label was signed for", "其标识签名所针对的内容"),
}


def run(args: argparse.Namespace, source: str | bytes, keep: Callable[..., bytes]) -> int:
    """source: a path, or the bytes of standard input; keep: makes the file for `--receipt`. Raises Refused
    ``admin.nobody`` where nothing is found."""
    from answerable.cli.session import session
    from answerable.cli.where import write_bytes
    from answerable.errors import Refused, VerificationError
    from answerable.verify.receipt import verify

    here = session(args)
    carrier, label = _read(source)
    taken = _traces(here, source, carrier)
    found = here.post("/who/file", {**question(label, taken), "cosigned": bool(args.receipt) and args.format != "cose"})
    sure, by = found["sure"], list(found["by"])
    against = [*found["against"], *(["signature"] if _forged(label) else [])]
    if _moved(label, taken):
        against.append("binding")
        # The label alone led there, and the label itself says that it is of something else.
        sure = "contradicted" if sure == "unsure" else sure
    answer: dict[str, Any] = {
        "sure": sure,
        "record": found["record"],
        "by": by,
        "against": against,
        "layers": found["layers"],
        "format": carrier.name if carrier is not None else "",
        "not_taken": list(taken.problems),
        "stopped": found["stopped"],
        "stopped_at": found["stopped_at"],
    }
    if sure == "nobody":
        from answerable.cli.words import probably

        if (written := probably(args, source)) is None:
            raise Refused("admin.nobody")
        emit(args, {**answer, "sure": "probably", "by": ["text_watermark"], **written[0]}, [written[1]])
        return STATUS["probably"]
    if not found["record"]:
        emit(args, answer, _unsure(found) if sure == "unsure" else _disagreement(against, found))
        return STATUS[sure]
    receipt = base64.b64decode(found["receipt"])
    report = verify(receipt, here.place.trust())
    if report.record != found["record"]:
        raise VerificationError("receipt.inconsistent", detail="the service answered with another record")
    if "label" in by and found["producer"] == "differs" and label is not None and _own(label, report):
        raise VerificationError("receipt.inconsistent", detail="its label names another producer")
    sure = answer["sure"] = _checked(sure, by, report, taken)
    lines = _told(sure, by, found, report)
    if against:
        lines.append(_but(against, found))
    if args.receipt:
        write_bytes(args.receipt, keep(args, here, report, receipt))
    from answerable.cli.sentence import as_json, sentence

    emit(args, {**as_json(report), **answer, "sentence": sentence(report)}, lines)
    if args.receipt:
        file, trust = args.receipt, here.place.readers_file
        say(
            f"The receipt is in {file}: answerable verify {file} --trust {trust}",
            f"回执已写入 {file}：answerable verify {file} --trust {trust}",
        )
    return STATUS[sure]


def question(label: FileReading | None, taken: Traces) -> dict[str, Any]:
    """What the service is asked: nothing of the file but what was taken of it."""
    asked: dict[str, Any] = {
        "digest": taken.digest.hex(),
        "content": taken.content.hex(),
        "prints": [its.tag().hex() for its in taken.prints],
        "sketch": list(taken.sketch),
        "watermark": taken.watermark,
    }
    if label is not None and not _forged(label):
        records = [record for layer in label.layers if layer.name != "watermark" for record in layer.records]
        asked["records"] = [record[:64] for record in dict.fromkeys(records)][:8]
        if label.aigc is not None:
            asked["producer"] = label.aigc.content_producer[:200]
    return asked


def _read(source: str | bytes) -> tuple[Carrier | None, FileReading | None]:
    """Its format and what its label says; None for a file of no known format."""
    from answerable.errors import VerificationError
    from answerable.formats.detect import detect
    from answerable.labels.files import opened
    from answerable.labels.reading import read_label

    with opened(source) as file:
        try:
            carrier = detect(file)
        except VerificationError:
            return None, None
    return carrier, read_label(source)


def _traces(here: Session, source: str | bytes, carrier: Carrier | None) -> Traces:
    from answerable.cli.read import own_watermarks
    from answerable.labels.tracing import traces

    keys = own_watermarks(here.place.store)
    return traces(source, carrier, watermark_key=keys[0] if keys else None, looked_for=True)


def _forged(label: FileReading | None) -> bool:
    """Whether a signature in its label does not hold: then nobody said what it says."""
    return label is not None and (label.layer("aigc").state == "bad" or label.layer("c2pa").state == "invalid")


def _moved(label: FileReading | None, taken: Traces) -> bool:
    """Whether its label was signed for something else; not where the pixels name the label's own record, of which they
    are then a part."""
    from answerable.labels.watermarking import payload_of

    if label is None or label.layer("content").state != "differs":
        return False
    return taken.watermark not in {payload_of(record) for record in label.layer("aigc").records}


def _own(label: FileReading, report: Report) -> bool:
    """Whether the record is named as that of who produced it, and not of who passed it on."""
    return label.aigc is not None and label.aigc.produce_id == report.record


def _checked(sure: str, by: list[str], report: Report, taken: Traces) -> str:
    """What the service says, as far as it can be checked here. Raises VerificationError ``receipt.inconsistent`` where
    the receipt says otherwise."""
    from answerable.errors import VerificationError
    from answerable.labels.watermarking import payload_of
    from answerable.marks import kept

    if "watermark" in by and taken.watermark != payload_of(report.record):
        raise VerificationError("receipt.inconsistent", detail="its watermark is of another record")
    if not {"digest", "content"} & set(by):
        return sure
    body = report.content("out")
    if body is None:  # the log has let go of it, or keeps none: the service's word is left
        return "probably"
    files = kept.files(body)
    if any(taken.digest.hex() in (its.digest, its.before) for its in files):
        return "proven"
    if any(its.content and its.content == taken.content.hex() for its in files):
        return "matching"
    raise VerificationError("receipt.inconsistent", detail="the record is of another file")


def _told(sure: str, by: list[str], found: dict[str, Any], report: Report) -> list[str]:
    from answerable.cli.sentence import sentence

    lines = [pick(*_BEGINNINGS[sure]).format(by=_named(by, found)), sentence(report)]
    lines += stopped(found)
    many = max((layer["count"] for layer in found["layers"] if layer["name"] in by), default=1)
    if many > 1:
        lines.append(pick(f"{many} records are like it; this is the best.", f"共有 {many} 条相似记录，此为最佳匹配。"))
    return lines


def stopped(found: dict[str, Any]) -> list[str]:
    """That what made it has been stopped since, where it has."""
    if not found["stopped"]:
        return []
    order, at = found["stopped"], when(found["stopped_at"])
    return [
        pick(
            f"What made it has been stopped since, by the order {order} of {at}.",
            f"生成它的系统已于 {at} 被终止令 {order} 停止。",
        )
    ]


def _unsure(found: dict[str, Any]) -> list[str]:
    record = found["layers"][-1]["records"][-1]["record"]
    return [
        pick(
            f"Could not check: its label leads to the record {record}, and nothing of what was recorded can be "
            "compared with this file. A label can be moved to another file: nobody is named as answering for this one.",
            f"无法核验：其标识指向记录 {record}，但没有可与该文件比对的留存内容。标识可能被移到其他文件上："
            "不认定任何一方对该文件负责。",
        ),
        pick(f"Whose record that is: answerable who {record}", f"查询该记录的负责方：answerable who {record}"),
    ]


def _disagreement(against: list[str], found: dict[str, Any]) -> list[str]:
    names = _named(against, found)
    lines = [
        pick(
            f"Its layers disagree ({names}): nobody is named as answering for this file.",
            f"各层相互矛盾（{names}）：不认定任何一方对该文件负责。",
        )
    ]
    for layer in found["layers"]:
        record = layer["records"][-1]["record"]
        name = pick(*_NAMES[layer["name"]]).format(far=_far(layer))
        lines.append(pick(f"  {name}: leads to the record {record}", f"  {name}：指向记录 {record}"))
    if "fingerprint" in against and not any(layer["name"] == "fingerprint" for layer in found["layers"]):
        lines.append(pick("  its fingerprint: is of something else", "  其指纹：属于其他内容"))
    if "binding" in against:
        lines.append(
            pick("  what its label was signed for: is something else", "  其标识签名所针对的内容：并非本文件的内容")
        )
    return lines


def _but(against: list[str], found: dict[str, Any]) -> str:
    names = _named(against, found)
    return pick(f"But not everything agrees: {names}.", f"但并非各层都一致：{names}。")


def _named(names: list[str], found: dict[str, Any]) -> str:
    layers = {layer["name"]: layer for layer in found["layers"]}
    said = [pick(*_NAMES[name]).format(far=_far(layers.get(name))) for name in names]
    return pick(", ", "、").join(said)


def _far(layer: dict[str, Any] | None) -> str:
    """How far away it is, for a layer that tells it."""
    if layer is None:
        return ""
    best = layer["records"][-1]
    if far := best["distance"]:
        return pick(f" ({sum(far)} of {64 * len(far)} bits differ)", f"（{64 * len(far)} 位中有 {sum(far)} 位不同）")
    if best["shared"]:
        shared, kept = best["shared"], best["kept"]
        return pick(f" ({shared} of {kept} samples are the same)", f"（{kept} 个样本中有 {shared} 个相同）")
    return ""
