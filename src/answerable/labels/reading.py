# SPDX-License-Identifier: Apache-2.0
"""Reading a label: each layer on its own, and the verdict over them. Layers that disagree are named, never weighed
against one another. What a label says is somebody's claim; whose, a pinned key or the log tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from answerable.crypto import issuing
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.formats import saved
from answerable.formats.carrier import Carrier
from answerable.formats.detect import detect
from answerable.labels import binding, c2pa, seen, watermarking
from answerable.labels.files import Source, opened, size
from answerable.labels.manifest_place import store_size
from answerable.labels.manifest_report import INVALID, UNSUPPORTED
from answerable.labels.stages import FIELDLESS
from answerable.marks import aigc as objects
from answerable.marks import pins, signature
from answerable.marks.aigc import KINDS, Found
from answerable.marks.binding import Match, bound_by
from answerable.marks.signature import Signed, State
from answerable.model.labels import AIGC, Reading
from answerable.protocols.openai.answers import MAX_ANSWER

ABSENT: Final = "absent"
MALFORMED: Final = "malformed"
UNCHECKED: Final = "unchecked"
# Nothing of the file can be read; problems: the code of the error, and its detail.
UNREADABLE: Final = "unreadable"
CONTENT: Final = "content"
FOUND: Final = "found"
# Looked for and not found, where something of another's could be.
UNSEEN: Final = "unseen"
# A vendor's own members (ServiceProvider and the like): a label of another form, reported and never written.
OTHER: Final = "other-schema"
OTHER_SCHEMA: Final = "(other schema)"
_NONE: Final = Signed(State.UNSIGNED)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a reader knows already. label_keys: DER SubjectPublicKeyInfo -> party id; anchors: root certificates in PEM
    of who signs C2PA manifests; watermark_keys: under which watermarks are looked for."""

    label_keys: Mapping[bytes, str] = field(default_factory=dict)
    anchors: tuple[bytes, ...] = ()
    watermark_keys: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def load(cls, *, label_keys: str | Path | None = None, anchors: Sequence[str | Path] = ()) -> Trust:
        """label_keys: a file of pinned keys; anchors: files of root certificates. Raises VerificationError
        ``label.pins``, Refused ``label.source`` for a file that cannot be read, or holds no certificate."""
        known = pins.parse(_bytes(label_keys)) if label_keys is not None else {}
        return cls(known, tuple(_certificates(path) for path in anchors))


@dataclass(frozen=True, slots=True)
class LayerReading:
    """One layer. state: a term of the layer, "absent" for none; records: record ids that it names; details: what else
    it says; problems: terms."""

    name: str
    state: str
    records: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileReading:
    """format: by content, "" unknown; layers: in the order in which they were looked for; aigc: the one label, None for
    none or several that differ; signed, propagation: what its reserved codes say; record: the id that leads to who
    answers, "" for none; contradictions: what disagrees, in words."""

    format: str
    media: str
    verdict: Reading
    layers: tuple[LayerReading, ...] = ()
    aigc: AIGC | None = None
    signed: Signed = _NONE
    propagation: Signed = _NONE
    record: str = ""
    contradictions: tuple[str, ...] = ()

    def layer(self, name: str) -> LayerReading:
        """The layer of that name, as absent where it was not looked for."""
        return next((each for each in self.layers if each.name == name), LayerReading(name, ABSENT))


def _certificates(path: str | Path) -> bytes:
    """What is no certificate would make every manifest look broken."""
    if not issuing.certificates(pem := _bytes(path)):
        raise Refused("label.source", path=str(path), detail="it holds no certificate in PEM")
    return pem


def _bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Refused("label.source", path=str(path), detail=error.strerror or "cannot be read") from None


def read_label(
    source: Source, *, trust: Trust | None = None, search: Literal["place", "full"] = "place"
) -> FileReading:
    """What the label of a file says. trust: whose keys the reader knows, None: nobody's; search: for watermarks, in the
    picture as it was written or a piece of it ("place"), or also in one that was resized or turned ("full", seconds);
    "full" also measures whether words of ours stand on pictures and videos and our rhythm in sound.

    Never raises for what the file holds: what cannot be read is `Reading.UNCHECKED`, with the reason among the
    problems. Raises Refused ``label.source``.
    """
    with opened(source) as file:
        trust = trust or Trust()
        try:
            carrier = detect(file)
            first, label, signed, propagation = _aigc(carrier, file, trust)
            said = _answer(file, trust) if carrier.name in FIELDLESS else None
            if said is not None and (first.state == ABSENT or said.format != carrier.name):
                return said
        except VerificationError as error:
            why = (error.code, str(error.params.get("detail", "")))
            details = {"format": str(error.params["format"])} if "format" in error.params else {}
            layer = LayerReading("aigc", UNREADABLE, details=details, problems=why)
            return FileReading("", "", Reading.UNCHECKED, (layer,))
        layers = (
            *_words(carrier, file, search),
            first,
            *_content(carrier, file, label, signed, propagation, search),
            _c2pa(carrier, file, trust),
            *_watermarks(carrier, file, trust, search),
        )
    contradictions = _contradictions(layers)
    return FileReading(
        carrier.name,
        carrier.media,
        _verdict(layers, contradictions),
        layers,
        label,
        signed,
        propagation,
        next((record for layer in layers for record in layer.records), ""),
        contradictions,
    )


def _aigc(carrier: Carrier, file: BinaryIO, trust: Trust) -> tuple[LayerReading, AIGC | None, Signed, Signed]:
    found: dict[AIGC, Found] = {}
    problems: list[str] = []
    places: list[str] = []
    others: list[str] = []
    for carried in carrier.read(file):
        places.append(carried.place)
        if carried.place.endswith(OTHER_SCHEMA):
            others.append(carried.place)
            problems.append(OTHER)
            continue
        try:
            one = objects.read(carried.text)
        except VerificationError as error:
            problems.append(f"malformed: {error.params.get('detail')}")
        else:
            found[one.aigc] = one
            problems += one.problems
    details: dict[str, Any] = {"places": tuple(places)}
    if not found:
        state = OTHER if others else MALFORMED if places else ABSENT
        return LayerReading("aigc", state, (), details if places else {}, tuple(problems)), None, _NONE, _NONE
    records = tuple(dict.fromkeys(label.produce_id for label in found))
    if len(found) > 1:
        details["labels"] = tuple(found)
        return LayerReading("aigc", "several", records, details, tuple(problems)), None, _NONE, _NONE
    (label,) = found
    if len(places) > 1:
        problems.append("more_than_one")
    signed = signature.check(label, trust.label_keys)
    propagation = signature.check_propagation(label, trust.label_keys)
    if label.propagate_id and label.propagate_id not in records:
        records = (*records, label.propagate_id)
    layer = LayerReading("aigc", str(signed), records, details, tuple(problems))
    return layer, label, signed, propagation


def _content(
    carrier: Carrier,
    file: BinaryIO,
    label: AIGC | None,
    signed: Signed,
    propagation: Signed,
    search: Literal["place", "full"],
) -> tuple[LayerReading, ...]:
    """Whether the file is what its label was signed for; () for a label that says nothing of it."""
    if label is None:
        return ()
    bound, broken = bound_by(label, signed, propagation)
    if broken:
        return (LayerReading(CONTENT, str(State.BAD)),)
    if not bound:
        return ()
    match, why = binding.matched(file, carrier, bound, large=search == "full")
    return (LayerReading(CONTENT, match or UNCHECKED, problems=(why,) if why else ()),)


def _words(carrier: Carrier, file: BinaryIO, search: Literal["place", "full"]) -> tuple[LayerReading, ...]:
    """() for media where words are not looked for, or only in a full search."""
    words = seen.words(file, carrier.media)
    if words is not None:
        return (LayerReading("explicit", FOUND if words else ABSENT, details={"words": words} if words else {}),)
    if search != "full":
        return ()
    try:
        found = seen.perceived(file, carrier.name, carrier.media)
    except (Unavailable, VerificationError) as error:
        return (LayerReading("explicit", UNCHECKED, problems=(error.code,)),)
    if found is None:
        return ()
    return (LayerReading("explicit", found.state, details={"seen": found.detail, "seen_zh": found.detail_zh}),)


def _answer(file: BinaryIO, trust: Trust) -> FileReading | None:
    """What somebody kept of an API's answer (JSON, a capture of the stream) or copied of its text, None for what says
    nothing of a label."""
    if size(file) > MAX_ANSWER:
        return None
    file.seek(0)
    kept = saved.read(file.read())
    label = kept.label
    if kept.form not in ("answer", "stream", "text") or not (label.explicit or label.aigc or kept.record):
        return None
    layers = [LayerReading("explicit", FOUND if label.explicit else ABSENT, details={"words": label.explicit})]
    signed = propagation = _NONE
    if label.aigc is not None:
        signed = signature.check(label.aigc, trust.label_keys)
        propagation = signature.check_propagation(label.aigc, trust.label_keys)
        layers.append(LayerReading("aigc", str(signed), (label.aigc.produce_id,), problems=label.problems))
    if kept.record:
        layers.append(LayerReading("record", FOUND, (kept.record,)))
    told = tuple(layers)
    contradictions = _contradictions(told)
    if label.verdict is Reading.INCONSISTENT and not contradictions:
        contradictions = tuple(f"answer: {problem}" for problem in label.problems)
    verdict = Reading.INCONSISTENT if contradictions else label.verdict
    return FileReading(
        f"api-{kept.form}" if kept.form != "text" else "plain",
        "text/plain", verdict, told, label.aigc, signed, propagation, label.record, contradictions,
    )  # fmt: skip


def _c2pa(carrier: Carrier, file: BinaryIO, trust: Trust) -> LayerReading:
    try:
        found = c2pa.read(file, carrier.media, anchors=trust.anchors)
    except Unavailable:
        if not store_size(file, carrier.media):
            return LayerReading("c2pa", ABSENT)
        return LayerReading("c2pa", UNCHECKED, problems=("extra:c2pa",))
    if found.state in (ABSENT, UNSUPPORTED):
        return LayerReading("c2pa", found.state, problems=found.problems)
    said = {
        "producer": found.producer,
        "generator": found.generator,
        "system": found.system,
        "party": found.party,
        "made_at": found.made_at,
        "signed_at": found.signed_at,
        "sources": found.sources,
        "parents": found.parents,
        "by_ai": found.by_ai,
        "agent": found.agent,
    }
    # What stands in a manifest that does not hold is said by nobody.
    records = (found.record,) if found.holds and found.record else ()
    return LayerReading("c2pa", found.state, records, {k: v for k, v in said.items() if v}, found.problems)


def _watermarks(
    carrier: Carrier, file: BinaryIO, trust: Trust, search: Literal["place", "full"]
) -> tuple[LayerReading, ...]:
    """() for a reader without keys: nothing was looked for."""
    for key in trust.watermark_keys:
        try:
            found = watermarking.extract(file, carrier.name, key, search=search)
        except (Unavailable, VerificationError) as error:
            return (LayerReading("watermark", UNCHECKED, problems=(error.code,)),)
        if found is not None:
            said = {"payload": found.payload, "p_value": found.p_value, "corrected_bits": found.corrected_bits}
            return (LayerReading("watermark", FOUND, details=said),)
    return (LayerReading("watermark", ABSENT),) if trust.watermark_keys else ()


def _contradictions(layers: tuple[LayerReading, ...]) -> tuple[str, ...]:
    said: list[str] = []
    named = next((layer.records for layer in layers if layer.name == "aigc"), ())
    for layer in layers:
        if layer.state == "several":
            said.append(f"{layer.name}: labels that differ")
        if layer.state == State.BAD:
            said.append(f"{layer.name}: the signature does not hold, or is another party's")
        if layer.name == CONTENT and layer.state == Match.DIFFERS and not _marked(layers, named):
            said.append(f"{layer.name}: the label was signed for something else, or for more than this: it was moved?")
        if layer.state == INVALID:
            said.append(f"{layer.name}: the file was changed after it was signed")
        if "kind" in layer.problems:
            said.append(f"{layer.name}: Label is none of {', '.join(KINDS)}")
        known = {watermarking.payload_of(record) for record in named}
        if known and layer.name == "watermark" and layer.details.get("payload", min(known)) not in known:
            said.append(f"{layer.name}: the pixels name another record than the AIGC object")
        if named and layer.records and not set(layer.records) & set(named):
            said.append(f"{layer.name}: names the record {layer.records[0]}, the AIGC object {named[0]}")
    return tuple(said)


def _marked(layers: tuple[LayerReading, ...], named: tuple[str, ...]) -> bool:
    """Whether the pixels themselves name the label's record: then they are a part of what it was signed for."""
    known = {watermarking.payload_of(record) for record in named}
    return any(layer.name == "watermark" and layer.details.get("payload") in known for layer in layers)


def _verdict(layers: tuple[LayerReading, ...], contradictions: tuple[str, ...]) -> Reading:
    if contradictions:
        return Reading.INCONSISTENT
    if any(_says_ai(layer) for layer in layers):
        return Reading.LABELLED
    unsure = any(layer.state in (MALFORMED, UNCHECKED) for layer in layers)
    return Reading.UNCHECKED if unsure else Reading.NOT_LABELLED


def _says_ai(layer: LayerReading) -> bool:
    """A manifest may stand in a photograph too: it must say that a model made it."""
    if layer.name == "c2pa":
        return bool(layer.details.get("by_ai"))
    if layer.name == CONTENT:
        return False  # the label beside it says so
    return layer.state not in (ABSENT, MALFORMED, UNCHECKED, UNSEEN)
