# SPDX-License-Identifier: Apache-2.0
"""Checks for Article 50(2) of the EU AI Act and the marking layers of its code of practice."""

from __future__ import annotations

from typing import Final

from answerable.labels.manifest_report import ABSENT, INVALID, TRUSTED, UNSUPPORTED, VALID
from answerable.labels.reading import FOUND, UNCHECKED
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Told, compliant, inconclusive, missing, noncompliant, without
from answerable.marks.signature import State

_HOLDS: Final = (VALID, TRUSTED)
TOKENS: Final = 200


def marked(subject: Subject) -> Told:
    """Anything that a machine reads and that says that a model made it."""
    found = []
    if subject.reading.aigc is not None and subject.reading.signed.state is not State.BAD:
        found.append(f"AIGC ({subject.reading.signed})")
    manifest = subject.layer("c2pa")
    if manifest.details.get("by_ai"):
        found.append(f"C2PA ({manifest.state})")
    if subject.layer("watermark").state == FOUND:
        found.append("watermark")
    if found:
        return compliant(", ".join(found), "、".join(found))
    if subject.holds_object:
        return noncompliant("the only mark does not hold or cannot be read", "仅有的标记无效或无法解析")
    if UNCHECKED in (manifest.state, subject.layer("watermark").state):
        return inconclusive("a layer could not be looked at", "有一层无法查看")
    if subject.medium == "text" and subject.format in ("plain", "markdown", "html", "docx", "pdf"):
        # A statistical watermark in the words shows to whoever has its key and the model's tokens.
        return _in_words(subject)
    return missing(subject.by_ai, "no mark that a machine reads", "没有机器可读标记")


def signed_metadata(subject: Subject) -> Told:
    """Metadata under a digital signature, with a time that stands under it."""
    manifest = subject.layer("c2pa")
    if manifest.state == INVALID:
        # What a broken manifest said is said by nobody: not that a model made the file either.
        judge = noncompliant if subject.by_ai else inconclusive
        return judge("the C2PA manifest does not hold any more", "C2PA 清单已失效")
    if manifest.state == UNCHECKED:
        return inconclusive("the extra c2pa is not installed", "未安装可选依赖 c2pa")
    if manifest.state == UNSUPPORTED:
        return _nowhere(subject)
    if manifest.state not in _HOLDS or manifest.state == ABSENT:
        return missing(subject.by_ai, "there is no signed metadata", "没有经签名的元数据")
    if not manifest.details.get("by_ai"):
        return missing(subject.by_ai, "the manifest does not say that AI made it", "清单未说明由人工智能生成")
    if signed_at := manifest.details.get("signed_at"):
        return compliant(f"{manifest.state}, time stamp {signed_at}", f"{manifest.state}，时间戳 {signed_at}")
    if manifest.details.get("made_at"):
        return compliant(
            f"{manifest.state}; the time is the signer's own, under the signature",
            f"{manifest.state}；时间为签署者自述并受签名保护",
        )
    return inconclusive(
        f"{manifest.state}; no time stamp of an authority, and no time that is read here",
        f"{manifest.state}；无时间戳，亦无此处可读的时间",
    )


def watermark(subject: Subject) -> Told:
    """An imperceptible watermark. Only one made under a key of the reader's can be found."""
    found = subject.layer("watermark")
    if found.state == FOUND:
        return compliant(f"found, p < {found.details.get('p_value'):.0e}", "已检出")
    if subject.medium != "image":
        return _else(subject, "watermarks in sound and video cannot be looked for here", "此处无法检测音视频水印")
    if found.state == UNCHECKED or not subject.watched:
        return _else(subject, "no key was given under which one could be looked for", "未提供可用于检测水印的密钥")
    return missing(subject.by_ai, "none under the keys that were given", "在所提供的密钥下未检出")


def words_watermark(subject: Subject) -> Told:
    """A watermark in the choice of words, of texts above 200 tokens. A token is a byte or more: so a shorter text is
    certainly below."""
    if subject.text_bytes is not None and subject.text_bytes <= TOKENS:
        return compliant(
            f"{subject.text_bytes} bytes: {TOKENS} tokens at most", f"{subject.text_bytes} 字节，不超过 {TOKENS} 个词元"
        )
    return _in_words(subject)


def _in_words(subject: Subject) -> Told:
    return _else(
        subject,
        "a watermark in the choice of words shows to whoever has its key and the model's tokens",
        "文本水印须以其密钥与模型分词方能检测",
    )


def _nowhere(subject: Subject) -> Told:
    return _else(subject, "no manifest can be looked for in a file of this format", "此格式的文件无法查找清单")


def _else(subject: Subject, detail: str, detail_zh: str) -> Told:
    """What could be there and cannot be looked for matters where the file is AI-made."""
    return (inconclusive if subject.by_ai else without)(detail, detail_zh)
