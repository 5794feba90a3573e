# SPDX-License-Identifier: Apache-2.0
"""The stages of labelling one file, in their order; `labels.labelling` calls each once.

(1) read what stands there, and keep it; (2) words that people see; (3) the watermark; (4) the AIGC object, exactly one;
(5) the C2PA manifest, last; (6) read all of it back and compare.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from answerable.crypto.random import salt
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.formats.carrier import Carried, Carrier
from answerable.formats.detect import detect
from answerable.labels import binding, c2pa, seen, watermarking
from answerable.labels.explicit import render, texts
from answerable.labels.explicit.plan import Where
from answerable.labels.files import Bench
from answerable.labels.identity import Labeller
from answerable.labels.manifest import Said, SoftBinding
from answerable.labels.manifest_place import store_size
from answerable.labels.manifest_report import ABSENT, INVALID, C2paReading
from answerable.marks import aigc as objects
from answerable.marks import signature
from answerable.marks.binding import Match, bind, bind_propagation, bound_by
from answerable.marks.propagation import Role, Settled, settle

RID_BYTES: Final = 20
# States of a layer in `Labelled`.
WRITTEN: Final = "written"
KEPT: Final = "kept"
UNSUPPORTED: Final = "unsupported"
PARENT: Final = "c2pa.parent:"  # problems: of a C2PA manifest that stood there and does not hold
# Formats without a place for an AIGC object: their label is the words in them.
FIELDLESS: Final = frozenset({"plain"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a label. state: `WRITTEN`, `KEPT` as it stood, or `UNSUPPORTED` by the format; detail: in short."""

    name: str
    state: str
    detail: str = ""


@dataclass(slots=True)
class Work:
    """One labelling on its way. content: the file as the last stage left it; stood: what its C2PA manifest said before
    anything was written; made_from: another file that this one is an edited version of; bound: the label is signed for
    what the file shows, plays or says."""

    by: Labeller
    carrier: Carrier
    original: BinaryIO
    content: BinaryIO
    bench: Bench
    settled: Settled
    stood: C2paReading
    made_at: int
    receipt: bytes
    made_from: bytes = b""
    bound: bool = False
    layers: list[Layer] = field(default_factory=list)

    def written(self, layer: str) -> bool:
        return any(each.name == layer and each.state == WRITTEN for each in self.layers)

    @property
    def record(self) -> str:
        """The record id in the label that is ours: what another produced keeps its own id beside it."""
        label = self.settled.aigc
        return label.propagate_id if self.settled.role is Role.PROPAGATOR else label.produce_id

    @property
    def problems(self) -> tuple[str, ...]:
        """What was wrong with the labels that stood there. A manifest that does not hold is kept as what it is: the
        one that is signed over it says so of its parent."""
        broken = self.stood.problems if self.stood.state == INVALID else ()
        return (*self.settled.problems, *(PARENT + code for code in broken))

    def next(self, write: Callable[[BinaryIO, BinaryIO], None], layer: Layer) -> None:
        """One more stage: `write` makes the next file from this one."""
        sheet = self.bench.sheet()
        write(self.content, sheet)
        self.content = sheet
        self.layers.append(layer)


def begin(original: BinaryIO, bench: Bench, by: Labeller, record: str, made_at: int, receipt: bytes) -> Work:
    """(1): what stands in the file decides what may be written."""
    carrier = detect(original)
    settled = settle(
        standing(carrier, original), provider=by.provider, record=record or drawn(), key=by.aigc_key, again=not record
    )
    work = Work(by, carrier, original, original, bench, settled, _manifest(original, carrier, by), made_at, receipt)
    if work.stood.holds and work.stood.record not in ("", settled.aigc.produce_id, settled.aigc.propagate_id):
        raise Refused("label.contradicted", detail=f"its C2PA manifest names the record {work.stood.record[:64]}")
    if by.watermark_key is not None:
        mark = watermarking.extract(original, carrier.name, by.watermark_key)
        names = (settled.aigc.produce_id, settled.aigc.propagate_id)
        if mark is not None and mark.payload not in [watermarking.payload_of(name) for name in names]:
            raise Refused("label.contradicted", detail="the watermark in its pixels names another record")
        if mark is not None:
            return work  # the pixels are those of the record, or a part of them
    _not_moved(work)
    return work


def _not_moved(work: Work) -> None:
    """Raises Refused ``label.contradicted`` for a label of our own that was signed for other content. Another
    producer's is kept as it is, whatever it was signed for: that is its own to say."""
    label = work.settled.aigc
    if work.settled.role is not Role.KEPT or signature.party_of(label.content_producer) != signature.party_of(
        work.by.provider
    ):
        return
    bound, _ = bound_by(label, signature.check(label), signature.check_propagation(label))
    if bound and binding.matched(work.original, work.carrier, bound, large=True)[0] is Match.DIFFERS:
        raise Refused("label.contradicted", detail="the label that stands in it was signed for other content")


def _manifest(original: BinaryIO, carrier: Carrier, by: Labeller) -> C2paReading:
    """Raises Refused ``label.foreign`` for a file with a manifest that would be broken, because nobody signs anew."""
    if by.c2pa is not None:
        return c2pa.read(original, carrier.media)
    if store_size(original, carrier.media):
        raise Refused("label.foreign", detail="a C2PA manifest, which is kept only by who signs a new one over it")
    return C2paReading(ABSENT)


def standing(carrier: Carrier, source: BinaryIO) -> tuple[objects.Found, ...]:
    """The labels that stand in a file. Raises Refused ``label.foreign`` for one that cannot be read: writing ours would
    take it away."""
    return tuple([_found(carried) for carried in carrier.read(source)])


def drawn() -> str:
    """A record id for a file that no log knows: of the form of a log's, 32 characters, 160 random bits."""
    return base64.b32encode(salt()[:RID_BYTES]).decode("ascii").lower()


def _found(carried: Carried) -> objects.Found:
    try:
        return objects.read(carried.text)
    except VerificationError as error:
        raise Refused("label.foreign", detail=f"{carried.place}: {error.params.get('detail')}") from None


def explicit(work: Work) -> None:
    """(2) Measured on what was written by `explicit` itself. What another produced stays as people got it, and a text
    that begins with its words, or ends with them where that is their place, keeps them, once, in the language that
    they have."""
    plan = work.by.explicit
    if plan is None or work.settled.role is not Role.PRODUCER:
        return
    media = work.carrier.media
    # First of all is seen whatever follows; at its end a page can hide them, and a document in many a place.
    places = {Where.START, plan.where} if media in texts.PLAIN else ()
    if standing := seen.words(work.content, media, places):
        work.layers.append(Layer("explicit", KEPT, standing))
        return
    sheet = work.bench.sheet()
    try:
        rendered = render(work.content, sheet, work.carrier.media, plan)
    except Refused as error:
        if error.code != "label.explicit":
            raise
        work.layers.append(Layer("explicit", UNSUPPORTED, str(error.params.get("detail"))))
        return
    work.content = sheet
    stood = isinstance(rendered, texts.Report) and rendered.kept
    said = plan.sound if work.carrier.media.startswith("audio/") else plan.text
    work.layers.append(Layer("explicit", KEPT if stood else WRITTEN, said))


def watermark(work: Work) -> None:
    """(3) What another produced, and what is labelled already, keeps its pixels."""
    key = work.by.watermark_key
    if key is None or work.settled.role is not Role.PRODUCER or not work.carrier.media.startswith("image/"):
        return
    sheet = work.bench.sheet()
    try:
        made = watermarking.embed(work.content, sheet, work.carrier.name, work.record, key)
    except Unavailable as error:
        made = watermarking.Marked(False, f"needs the extra {error.params.get('extra')}")
    if made.done:
        work.content = sheet
    work.layers.append(Layer("watermark", WRITTEN if made.done else UNSUPPORTED, made.detail))


def write(work: Work) -> None:
    """(4)"""
    if work.carrier.name in FIELDLESS:
        if work.settled.role is Role.PROPAGATOR:
            raise Refused("label.foreign", detail="it stands in plain text, which has no field for a propagator")
        if work.settled.role is Role.KEPT:
            # In the words of the text, as somebody wrote it.
            work.settled = replace(work.settled, aigc=standing(work.carrier, work.original)[0].aigc)
            work.layers.append(Layer("aigc", KEPT, str(Role.KEPT)))
            return
        work.layers.append(Layer("aigc", UNSUPPORTED, "it has no field beside its text"))
        return
    bind_content(work)
    text, role = objects.write(work.settled.aigc), work.settled.role
    state = KEPT if role is Role.KEPT else WRITTEN
    if role is Role.KEPT and [carried.text for carried in work.carrier.read(work.content)] == [text.encode()]:
        work.layers.append(Layer("aigc", state, str(role)))  # it stands there, byte for byte
        return
    work.next(lambda source, target: work.carrier.write(source, target, text), Layer("aigc", state, str(role)))


def bind_content(work: Work) -> None:
    """What is signed here is signed for this content too: a signature over the label alone moves with it."""
    key, label = work.by.aigc_key, work.settled.aigc
    if key is None or work.settled.role is Role.KEPT:
        return
    its = binding.taken(work.content, work.carrier)
    if not its:
        return
    made = (bind if work.settled.role is Role.PRODUCER else bind_propagation)(label, key, its)
    work.settled = replace(work.settled, aigc=made)
    work.bound = True


def sign(work: Work) -> None:
    """(5)"""
    chain, media = work.by.c2pa, work.carrier.media
    if chain is None:
        return
    if not c2pa.supports(media, work.content):
        if work.stood.state not in (ABSENT, UNSUPPORTED):
            raise Refused("label.foreign", detail="a C2PA manifest that no new one can be signed over here")
        work.layers.append(Layer("c2pa", UNSUPPORTED, media))
        return
    mark = None
    if work.written("watermark"):
        payload = watermarking.payload_of(work.record).to_bytes(watermarking.PAYLOAD_BYTES)
        mark = SoftBinding(watermarking.ALGORITHM, payload)
    # What another produced, and what has a history already, is the parent of what leaves here.
    parent, of = (work.original if work.settled.role is Role.PROPAGATOR or work.stood.state != ABSENT else None), media
    if parent is None and work.made_from:
        parent, of = io.BytesIO(work.made_from), detect(io.BytesIO(work.made_from)).media
    said = Said(
        work.record, work.by.system, work.by.party, work.made_at, work.receipt, mark,
        edited=bool(work.made_from), agent=work.by.agent,
    )  # fmt: skip
    try:
        work.next(
            lambda source, target: c2pa.sign(
                source, target, media, chain=chain, said=said, parent=parent, parent_media=of
            ),
            Layer("c2pa", WRITTEN, chain.organisation),
        )
    except VerificationError as error:
        # A variant that the library cannot parse had no manifest, and goes without one. One that had is not broken.
        if work.stood.state not in (ABSENT, UNSUPPORTED):
            raise
        work.layers.append(Layer("c2pa", UNSUPPORTED, str(error.params.get("detail"))))


def complete(work: Work) -> None:
    """Raises Refused ``label.unsupported`` where a layer that must be there is not, or there is none at all;
    ``label.explicit`` where words were all that could be, with why they could not."""
    there = {layer.name for layer in work.layers if layer.state != UNSUPPORTED}
    words = next((layer.detail for layer in work.layers if layer.name == "explicit"), "")
    if not there and words:
        raise Refused("label.explicit", detail=words)
    for name in sorted(work.by.require - there) or (() if there else ("aigc",)):
        raise Refused("label.unsupported", layer=name, format=work.carrier.name)


def read_back(work: Work) -> None:
    """(6). Raises VerificationError ``label.read_back`` unless the file holds exactly the layers that were meant."""
    detected = detect(work.content)
    if detected.name != work.carrier.name:
        raise _differs("aigc", f"it became a {detected.name} file")
    carried = work.carrier.read(work.content)
    if work.carrier.name in FIELDLESS:
        if carried and work.settled.role is not Role.KEPT:
            raise _differs("aigc", "an object that was not written")
    elif len(carried) != 1:
        raise _differs("aigc", f"{len(carried)} labels instead of one")
    elif objects.read(carried[0].text) != objects.Found(work.settled.aigc):
        raise _differs("aigc", "another label than was written")
    if work.bound:
        _still_bound(work)
    if work.written("watermark") and work.by.watermark_key is not None:
        mark = watermarking.extract(work.content, work.carrier.name, work.by.watermark_key)
        if mark is None or mark.payload != watermarking.payload_of(work.record):
            raise _differs("watermark", "the pixels do not hold it")
    if work.written("c2pa"):
        found = c2pa.read(work.content, work.carrier.media)
        if not found.holds:
            raise _differs("c2pa", f"{found.state}: {', '.join(found.problems)}")
        if found.record != work.record:
            raise _differs("c2pa", "another record than was written")


def _still_bound(work: Work) -> None:
    """What is large is not read once more: its label and its manifest were put beside what it plays."""
    label = work.settled.aigc
    bound, broken = bound_by(label, signature.check(label), signature.check_propagation(label))
    if broken or not bound:
        raise _differs("aigc", "what it was signed for does not read back")
    ours = bound[-1:] if work.settled.role is Role.PROPAGATOR else bound
    match, why = binding.matched(work.content, work.carrier, ours, large=False)
    # Where the format tells no digest, fingerprints are what is left.
    meant = (Match.SAME,) if ours[0].content else (Match.SAME, Match.ALIKE)
    if match not in meant and why != binding.LARGE:
        raise _differs("aigc", f"it was signed for other content ({match or why})")


def _differs(layer: str, detail: str) -> VerificationError:
    return VerificationError("label.read_back", layer=layer, detail=detail)
