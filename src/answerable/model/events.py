# SPDX-License-Identifier: Apache-2.0
"""What is told about red lines by those who see it: guards, devices, schedulers, evaluators, people.

A told event is a leaf (`docs/spec/leaves.md`, `event`), signed by who tells it. Its facts, below, are behind the leaf's
commitment: they hold paths and addresses, which never stand in a leaf.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(max_length=512)]
Word = Annotated[str, Meta(max_length=64)]
Rid = Annotated[str, Meta(max_length=64)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="what"):
    """Base of the facts; `what` is the leaf's own term."""


class WeightsServed(Fact, frozen=True, kw_only=True, tag="weights.served"):
    """Somebody saw weights answer. digest: of the weights; endpoint: where; copy: SPIFFE id that it claims, or ""."""

    digest: Word | Text
    endpoint: Text
    copy: Text = ""


class WeightsEgress(Fact, frozen=True, kw_only=True, tag="weights.egress"):
    """Bytes left the path of the weights. sink: host, bucket or device that they went to."""

    bytes: Count
    sink: Text


class JobSubmitted(Fact, frozen=True, kw_only=True, tag="job.submitted"):
    """A system, by its own copy, asked for a job over weights. approval: rid of a person's approval, or ""."""

    job: Literal["training", "finetune", "merge", "distil", "quantize"]
    base: Rid = ""
    approval: Rid = ""


class ScopeAsked(Fact, frozen=True, kw_only=True, tag="scope.asked"):
    """A copy asked elsewhere for more than it has."""

    worlds: tuple[Word, ...] = ()
    tools: tuple[Word, ...] = ()


class ScopeGot(Fact, frozen=True, kw_only=True, tag="scope.got"):
    """A copy holds, or handed on, this scope."""

    worlds: tuple[Word, ...] = ()
    tools: tuple[Word, ...] = ()
    tier: Count = 0


class ResourceUsed(Fact, frozen=True, kw_only=True, tag="resource.used"):
    """What a copy took beside its actions. unit: accounts, keys, money (millionths), compute (ms)."""

    unit: Word
    amount: Count


class ControlTamper(Fact, frozen=True, kw_only=True, tag="control.tamper"):
    """A write to what controls the copy. done: it succeeded; else it was tried and denied."""

    part: Literal["gateway", "policy", "stop", "log", "guard", "clock"]
    place: Text
    done: bool


class AliveUnleased(Fact, frozen=True, kw_only=True, tag="alive.unleased"):
    """A copy's process lives although its lease ended. ms: for how long."""

    ms: Count


class ClockStepped(Fact, frozen=True, kw_only=True, tag="clock.stepped"):
    """A holder's wall clock moved against its monotonic clock."""

    ms: int
    limit: Count


class LogGap(Fact, frozen=True, kw_only=True, tag="log.gap"):
    """A monitor found that leaves are missing, or that two checkpoints contradict each other."""

    origin: Text
    size: Count


class EvaluationResult(Fact, frozen=True, kw_only=True, tag="evaluation.result"):
    """score and threshold in thousandths. in_eval: the evaluation was built to provoke this."""

    suite: Word
    score: Count
    threshold: Count
    in_eval: bool = False


class CyberAction(Fact, frozen=True, kw_only=True, tag="cyber.action"):
    """An exploit or a scan. target: host or address; approval: rid of a person's approval, or ""."""

    action: Literal["exploit", "scan"]
    target: Text
    approval: Rid = ""


class OutcomeDeclared(Fact, frozen=True, kw_only=True, tag="outcome.declared"):
    """What a copy says became of an action. open: rid of its open leaf; outcome: as in close leaves."""

    open: Rid
    outcome: Word


class DeviceUnsafe(Fact, frozen=True, kw_only=True, tag="device.unsafe"):
    """A device did not stop in time, entered a protected zone, or went beyond a limit of its envelope. ms: how long it
    took; limit: S, ms; record: the device's own signed record, if it has one."""

    why: Literal["no_stop", "zone", "limit"]
    device: Text = ""
    ms: Count = 0
    limit: Count = 0
    x: int = 0  # mm
    y: int = 0  # mm
    speed: int = 0  # mm/s
    record: Annotated[str, Meta(max_length=2_048)] = ""


class DeviceTakeover(Fact, frozen=True, kw_only=True, tag="device.takeover"):
    """A person took a device over, gave it back, or reset it. at: by the device's clock; record: its signed record."""

    device: Text
    mode: Literal["take", "give", "reset"]
    person: Text
    at: Count
    record: Annotated[str, Meta(max_length=2_048)] = ""


class EffectSeen(Fact, frozen=True, kw_only=True, tag="effect.seen"):
    """An independent sink saw an effect of the copy at the event's `at`."""

    sink: Text


class LikenessUsed(Fact, frozen=True, kw_only=True, tag="likeness.used"):
    """Likeness or voice of a person was made. person: the party id."""

    person: Text
    medium: Literal["likeness", "voice"]


class ConsentGiven(Fact, frozen=True, kw_only=True, tag="consent.given"):
    """A person on the protected list consents, by the person's own key, to what one system makes, until then (ms)."""

    person: Text
    until: Count


class Collusion(Fact, frozen=True, kw_only=True, tag="collusion"):
    """Systems together did what none was admitted to. systems: rids of those beside the event's own."""

    systems: tuple[Rid, ...]


class EvaluationWindow(Fact, frozen=True, kw_only=True, tag="evaluation.window"):
    """A person says that a system is being evaluated until then (ms), and which red lines that may provoke."""

    until: Count
    lines: tuple[Word, ...]
    suite: Word = ""


class IncidentDeclared(Fact, frozen=True, kw_only=True, tag="incident.declared"):
    """A person says that a red line was neared or crossed. harms: terms of `redlines.regimes`."""

    red_line: Word
    level: Literal["yellow", "red"]
    harms: tuple[Word, ...] = ()


class IncidentClassified(Fact, frozen=True, kw_only=True, tag="incident.classified"):
    """What harm an incident did; aware: since when that is known, ms. It starts the clocks of law."""

    incident: Rid
    harms: tuple[Word, ...]
    aware: Count


class ReportFiled(Fact, frozen=True, kw_only=True, tag="report.filed"):
    """The report under this clock of a regime was handed in."""

    incident: Rid
    clock: Word


Told = (
    WeightsServed | WeightsEgress | JobSubmitted | ScopeAsked | ScopeGot | ResourceUsed | ControlTamper | AliveUnleased
    | ClockStepped | LogGap | EvaluationResult | CyberAction | OutcomeDeclared | DeviceUnsafe | DeviceTakeover
    | EffectSeen | LikenessUsed | ConsentGiven | Collusion | EvaluationWindow | IncidentDeclared | IncidentClassified
    | ReportFiled
)  # fmt: skip

# What a person alone may tell: it excuses, judges or ends something.
PERSONS: Final = (EvaluationWindow, IncidentDeclared, IncidentClassified, ReportFiled, LogGap)

_decoder: Final = msgspec.json.Decoder(Told)


def what(fact: Told) -> str:
    """The leaf's term for it."""
    return str(type(fact).__struct_config__.tag)


def read(body: bytes) -> Told:
    """The facts of a told event. Raises msgspec.MsgspecError, RecursionError for anything else."""
    try:
        fact: Told = _decoder.decode(body)
    except UnicodeDecodeError:
        raise msgspec.DecodeError("not UTF-8") from None
    return fact
