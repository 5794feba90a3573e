# SPDX-License-Identifier: Apache-2.0
"""What stands in a stranger's label: reserved codes, objects of every shape, files of pins, whole files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

import msgspec

from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError
from answerable.labels.identity import Labeller
from answerable.labels.labelling import label, survey
from answerable.labels.reading import Trust, read_label
from answerable.marks import aigc, binding, kept, pins, propagation, signature
from answerable.model.labels import AIGC
from answerable.protocols import multipart

_KEY: Final = Key.from_seed(b"fuzz" * 8)
_PROVIDER: Final = "001191350100M000100Y431ABCD"
_TRUST: Final = Trust({signature.public_info(_KEY): "NTRCN-91350100M000100Y43"})
_MEMBERS: Final = ("label", "content_producer", "produce_id", "reserved_code1")


def _codes(data: bytes) -> None:
    """Bytes as either reserved code: some state, never an exception."""
    code = data.decode("utf-8", "surrogateescape")
    stands = AIGC("1", _PROVIDER, "rid", code, "LEIXG-x", "rid", code)
    for found in (signature.check(stands, _TRUST.label_keys), signature.check_propagation(stands)):
        if found.state is signature.State.SIGNED:
            raise ValueError("nobody signed this")


def _objects(data: bytes) -> None:
    """A label that stands in a file: kept byte for byte, or refused."""
    found = aigc.read(data)
    binding.bound_by(found.aigc, signature.check(found.aigc), signature.check_propagation(found.aigc))
    settled = propagation.settle((found,), provider=_PROVIDER, record="rid", key=_KEY)
    if settled.role is propagation.Role.PROPAGATOR:
        kept_, written = (msgspec.structs.asdict(each) for each in (found.aigc, settled.aigc))
        if any(kept_[name] != written[name] for name in _MEMBERS):
            raise ValueError("a member of the producer's changed")
    again = aigc.read(aigc.write(settled.aigc))
    if again != aigc.Found(settled.aigc):
        raise ValueError("it does not read back")


def _files(data: bytes) -> None:
    """Read, surveyed and labelled: what comes out carries exactly one label, or nothing comes out."""
    read_label(data, trust=_TRUST)
    with contextlib.suppress(AnswerableError):
        survey(data)
        done = label(data, by=Labeller(_PROVIDER, _KEY), record="rid")
        if read_label(done.data or b"").aigc != done.aigc:
            raise ValueError("it does not read back")


def _kept(data: bytes) -> None:
    """What a record keeps of files, in either form."""
    one, all_of = kept.read(data), kept.files(data)
    if one is not None and all_of != (one,):
        raise ValueError("two readers of one body")


def _forms(data: bytes) -> None:
    """A form with files: refused, or the same again when it is written. The first line is the media type."""
    kind, _, body = data.partition(b"\n")
    form = multipart.parse(kind if b"boundary" in kind else b"multipart/form-data; boundary=b", body)
    if multipart.parse(form.kind.encode(), multipart.write(form)) != form:
        raise ValueError("it does not read back")


LABEL_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "label_codes": _codes,
    "label_objects": _objects,
    "label_pins": pins.parse,
    "label_kept": _kept,
    "openai_forms": _forms,
    "label_files": _files,
}
