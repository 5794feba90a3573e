# SPDX-License-Identifier: Apache-2.0
"""Checks of the AIGC object (GB 45438-2025 section 6 and Appendix E): that it stands there once, in the form of the
standard, with codes that hold, and what its reserved codes say."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

import msgspec

from answerable.errors import VerificationError
from answerable.errors.details import chinese
from answerable.labels.rules.subject import Subject
from answerable.labels.rules.verdicts import Told, Verdict, compliant, inconclusive, missing, noncompliant, without
from answerable.marks import aigc as objects
from answerable.marks import provider_code
from answerable.marks.signature import Signed, State
from answerable.model.labels import AIGC

NO_OBJECT: Final = ("there is no AIGC object", "没有 AIGC 标识")
# A text of this look is meant as a provider code: it has to hold.
_CODE_LIKE = re.compile(r"00[0-9][0-9A-Za-z]{15,40}\Z")
_decode = msgspec.json.Decoder().decode


def present(subject: Subject) -> Told:
    if subject.holds_object:
        places = ", ".join(each.place for each in subject.carried)
        return compliant(places or "in the answer", places or "位于应答中")
    layer = subject.layer("aigc")
    if layer.state == "other-schema":
        return missing(
            subject.by_ai,
            "another vendor's schema stands there instead of the standard's",
            "仅有其他厂商自定格式的标识",
        )
    return missing(subject.by_ai, *NO_OBJECT)


def one(subject: Subject) -> Told:
    if not subject.holds_object:
        return without(*NO_OBJECT)
    count = max(len(subject.carried), 1)
    if count == 1:
        return compliant("one", "唯一")
    return noncompliant(f"{count} objects stand in it", f"其中有 {count} 个标识")


def form(subject: Subject) -> Told:
    """The members in their order, all strings, plain JSON."""
    if not subject.holds_object:
        return without(*NO_OBJECT)
    faults = [fault for each in subject.carried for fault in _faults(each.text)]
    if not subject.carried:
        faults = [each for each in subject.layer("aigc").problems if not each.startswith("characters:")]
    if faults:
        return noncompliant("; ".join(dict.fromkeys(faults)), "；".join(dict.fromkeys(map(_zh, faults))))
    return compliant("seven strings in their order", "七个字段次序与类型均符合")


def characters(subject: Subject) -> Told:
    """0x21 to 0x7E without a backslash, in every member."""
    label = subject.reading.aigc
    if label is None:
        return _unread(subject)
    values = dict(zip(objects.KEYS, msgspec.structs.astuple(label), strict=True))
    # Reserved fields that hold an object are told of by `form`, once.
    wrong = [key for key, value in values.items() if re.fullmatch(r"[\x21-\x5b\x5d-\x7e]*", value) is None]
    if wrong:
        told = ", ".join(wrong)
        return noncompliant(f"other characters in {told}", f"{told} 含有规定范围以外的字符")
    return compliant("0x21-0x7E", "均在 0x21-0x7E 范围内")


def kind(subject: Subject) -> Told:
    label = subject.reading.aigc
    if label is None:
        return _unread(subject)
    if label.label in objects.KINDS:
        return compliant(f"Label {label.label}", f"Label 为 {label.label}")
    return noncompliant("Label is none of 1, 2, 3", "Label 不是 1、2、3 之一")


def producer(subject: Subject) -> Told:
    """A code must hold, with its check characters; a name can be compared with nothing."""
    label = subject.reading.aigc
    if label is None:
        return _unread(subject)
    return _party("ContentProducer", label.content_producer, provider_code.GENERATES)


def identifier(subject: Subject) -> Told:
    label = subject.reading.aigc
    if label is None:
        return _unread(subject)
    if label.produce_id:
        return compliant(label.produce_id[:64], label.produce_id[:64])
    return noncompliant("ProduceID is empty", "ProduceID 为空")


def propagator(subject: Subject) -> Told:
    """Both of its members or none; its code says that it propagates."""
    label = subject.reading.aigc
    if label is None:
        return _unread(subject)
    if not label.content_propagator and not label.propagate_id:
        return compliant("nobody names itself as propagator", "无传播者信息")
    if not label.content_propagator or not label.propagate_id:
        return noncompliant("one of ContentPropagator and PropagateID is empty", "传播者名称与编号缺其一")
    told = _party("ContentPropagator", label.content_propagator, provider_code.PROPAGATES)
    if told.verdict is Verdict.COMPLIANT and subject.reading.propagation.state is State.BAD:
        return _signed(subject.reading.propagation)
    return told


def signature(subject: Subject) -> Told:
    """`ReservedCode1`: what stands there must hold. That something stands there is not asked for."""
    label = subject.reading.aigc
    if label is None:
        return _unread(subject)
    return _signed(subject.reading.signed)


def agreement(subject: Subject) -> Told:
    """No layer of the label contradicts another."""
    said = subject.reading.contradictions
    if said:
        return inconclusive("; ".join(said), "各层标识相互矛盾：" + "；".join(map(chinese, said)))
    if not subject.by_ai:
        return without("there is no label", "没有标识")
    return compliant("no layer contradicts another", "各层标识无矛盾")


def _signed(found: Signed) -> Told:
    said = f"{found}{', ' + found.algorithm if found.algorithm else ''}"
    if found.state in (State.SIGNED, State.SELF_CONSISTENT):
        return compliant(said, said)
    if found.state is State.BAD:
        return noncompliant(found.detail, f"签名无效或密钥属于另一主体（{chinese(found.detail)}）")
    if found.state is State.OPAQUE:
        return inconclusive(found.detail, f"预留字段无法核验（{chinese(found.detail)}）")
    return without("it is empty", "为空")


def _party(key: str, value: str, role: str) -> Told:
    if not value:
        return noncompliant(f"{key} is empty", f"{key} 为空")
    try:
        code = provider_code.parse(value)
    except VerificationError as error:
        if _CODE_LIKE.match(value):
            return noncompliant(f"{key}: {error.params.get('detail')}", f"{key}：编码格式或校验码有误")
        return inconclusive(
            f"{key} is a name or another identifier, which can be checked against nothing here",
            f"{key} 为名称或其他标识符，此处无从核对",
        )
    if code.role != role:
        return noncompliant(f"{key}: the code's role is {code.role}", f"{key}：编码中的服务类型为 {code.role}")
    return compliant(f"{value}: both check characters hold", f"{value}：两个校验码均正确")


def _unread(subject: Subject) -> Told:
    """There is no one label that could be read."""
    if not subject.holds_object:
        return without(*NO_OBJECT)
    if subject.layer("aigc").state == "several":
        return noncompliant("the objects in it differ", "其中的标识互不相同")
    return noncompliant("the object cannot be read", "标识无法解析")


def _faults(text: bytes) -> list[str]:
    """What is wrong with the form of one object as it stands, in English terms that `_zh` knows."""
    faults: list[str] = []
    value: Any = None
    with suppress(ValueError, RecursionError):
        value = _decode(text.strip(b" \t\r\n\0"))
    if isinstance(value, dict) and list(value) == ["AIGC"] and isinstance(value["AIGC"], dict):
        value = value["AIGC"]
    if not isinstance(value, dict):
        return ["not a JSON object"]
    try:
        label: AIGC | None = objects.read(text).aigc
    except VerificationError:
        label = None
    if label is None or any(not isinstance(value.get(key, ""), str) for key in objects.KEYS):
        faults.append("not all strings")
    lacking = [key for key in objects.KEYS if key not in value]
    if lacking:
        faults.append("missing " + ", ".join(lacking))
    known = [key for key in value if key in objects.KEYS]
    if known != [key for key in objects.KEYS if key in value]:
        faults.append("another order")
    if len(known) < len(value):
        faults.append("other members")
    return faults


def _zh(fault: str) -> str:
    fixed = {
        "not a JSON object": "不是 JSON 对象",
        "not all strings": "取值并非均为字符串",
        "another order": "字段次序不符",
        "other members": "含有其他字段",
    }
    return fixed.get(fault, fault.replace("missing", "缺少"))
