# SPDX-License-Identifier: Apache-2.0
"""Checks for the latent disclosure of California's SB 942: who, by which system and version, when, which one."""

from __future__ import annotations

from datetime import UTC, datetime

from answerable.labels.manifest_report import INVALID, TRUSTED, VALID
from answerable.labels.reading import FOUND
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Told, compliant, inconclusive, missing, noncompliant, without
from answerable.marks.signature import State

NONE = ("there is no latent disclosure", "没有隐式披露")


def provider(subject: Subject) -> Told:
    manifest = _manifest(subject)
    if name := str(manifest.get("producer", "")):
        return compliant(name, name)
    if subject.reading.aigc is not None and subject.reading.aigc.content_producer:
        code = subject.reading.aigc.content_producer[:64]
        return inconclusive(f"{code}: an identifier instead of a name", f"{code}：为编码而非名称")
    return missing(subject.by_ai, *NONE)


def system(subject: Subject) -> Told:
    """Name and version number, both."""
    manifest = _manifest(subject)
    agent = _words(manifest.get("agent"))
    if len(agent) == 2:
        return compliant(" ".join(agent), " ".join(agent))
    if agent:
        return missing(subject.by_ai, f"{agent[0]}: without a version", f"{agent[0]}：未注明版本")
    if manifest or subject.holds_object:
        return missing(subject.by_ai, "no label names the system and its version", "标识未注明系统名称与版本")
    return missing(subject.by_ai, *NONE)


def time(subject: Subject) -> Told:
    manifest = _manifest(subject)
    if when := manifest.get("signed_at") or manifest.get("made_at"):
        said = when if isinstance(when, str) else _instant(when)
        return compliant(said, said)
    if manifest:
        return inconclusive("the manifest has no time that is read here", "清单中无此处可读的时间")
    if subject.holds_object:
        return missing(subject.by_ai, "the AIGC object has no field for a time", "AIGC 标识没有时间字段")
    return missing(subject.by_ai, *NONE)


def identifier(subject: Subject) -> Told:
    if subject.reading.record:
        return compliant(subject.reading.record[:64], subject.reading.record[:64])
    if _manifest(subject):
        return compliant("the label of the C2PA manifest", "C2PA 清单标识")
    return missing(subject.by_ai, *NONE)


def standard(subject: Subject) -> Told:
    """C2PA is the widely accepted industry standard that is looked for."""
    manifest = subject.layer("c2pa")
    if manifest.state == INVALID:
        # What a broken manifest said is said by nobody: not that a model made the file either.
        judge = noncompliant if subject.by_ai else inconclusive
        return judge("the C2PA manifest does not hold any more", "C2PA 清单已失效")
    if _manifest(subject):
        return compliant(f"C2PA ({manifest.state})", f"C2PA（{manifest.state}）")
    if subject.reading.aigc is not None:
        state = subject.reading.signed.state
        if state is State.BAD:
            return noncompliant("the AIGC object's signature does not hold", "AIGC 标识签名无效")
        return inconclusive(
            "GB 45438-2025 alone; whether that is widely accepted in the sense of the act is not said",
            "仅有 GB 45438-2025 标识；其是否属于该法所称广泛接受的标准尚无定论",
        )
    return missing(subject.by_ai, *NONE)


def lasting(subject: Subject) -> Told:
    """Extraordinarily difficult to remove, as far as that is feasible: metadata alone is not."""
    if subject.layer("watermark").state == FOUND:
        return compliant("a watermark stands beside the metadata", "元数据之外另有水印")
    if not subject.by_ai:
        return without(*NONE)
    if subject.medium == "image" and subject.watched:
        return missing(
            True, "metadata alone, which is removed easily: no watermark under the keys given",
            "仅有易被去除的元数据：在所提供的密钥下未检出水印",
        )  # fmt: skip
    return inconclusive(
        "metadata alone is seen; whether a watermark stands beside it cannot be looked for here",
        "仅见元数据；此处无法检测是否另有水印",
    )


def _manifest(subject: Subject) -> dict[str, object]:
    """What a manifest says that holds and that says that a model made it, {} for none."""
    layer = subject.layer("c2pa")
    holds = layer.state in (VALID, TRUSTED) and layer.details.get("by_ai")
    return dict(layer.details) if holds else {}


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


def _instant(ms: object) -> str:
    """A stranger's number may be of no calendar."""
    try:
        return datetime.fromtimestamp(int(str(ms)) / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
