# SPDX-License-Identifier: Apache-2.0
"""The single fields of a registration: their form, checked one by one, with a refusal that names the field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from answerable.errors import Refused
from answerable.log.leaf import is_rid
from answerable.model.records import Compute, Opaque
from answerable.model.terms import Measure, SystemKind, World
from answerable.ports import Directory
from answerable.registry import tables, tiers
from answerable.registry.planned import printable
from answerable.registry.requests import ComputeSpec, OpaqueSpec, RegisterSystem

# These stand in leaves, which are never erased: codes and identifiers, no prose.
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")
_LICENCE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z .()+/:_-]{0,119}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
# No user, password or query: an address in a leaf must hold no credential.
_ENDPOINT: Final = re.compile(r"https?://[0-9A-Za-z.:\[\]_-]{1,255}(?:/[0-9A-Za-z._~/%-]{0,200})?")
_UPSTREAM: Final = re.compile(r"(?:[0-9a-z][0-9a-z._-]{0,63})?")
_PROBE: Final = re.compile(r"(?:[0-9a-f]{64})?")
_MAX_WORDS: Final = 100
RESERVED: Final = frozenset({"auto"})


def check(request: RegisterSystem) -> None:
    """All fields that can be checked alone. Raises Refused ``system.field|capability``."""
    _form(_VERSION, request.version, "version", "letters, digits and ._+- up to 64")
    _form(_UPSTREAM, request.upstream, "upstream", "a name from the configuration")
    if request.licence:
        _form(_LICENCE, request.licence, "licence", "an SPDX expression or a short name, up to 120 characters")
    for digest in request.digests:
        _form(_DIGEST, digest, "digests", "sha256: and 64 lower-case hexadecimal digits")
    _unique(request.digests, "digests")
    _unique(request.capabilities, "capabilities")
    _unique(request.worlds, "worlds")
    if not request.worlds:
        raise _bad("worlds", "none is named")
    if request.users < 0:
        raise _bad("users", "below zero")
    for name in request.capabilities:
        if name not in tables.capabilities():
            raise Refused("system.capability", capability=name[:_MAX_WORDS])
    if request.kind is SystemKind.ROBOT and World.PHYSICAL not in request.worlds:
        raise _bad("worlds", "a robot acts in the physical world")
    if request.opaque and request.digests:
        raise _bad("opaque", "a system that tells its digests is not opaque")


def check_name(directory: Directory, name: str, parties: Iterable[str]) -> None:
    """A name belongs to the parties who used it first: `model` in a request must not be hijacked by a newer system of
    somebody else. parties: rids. Raises Refused ``system.name``."""
    if name.lower() in RESERVED or name.startswith(("spiffe:", "NTR", "VAT", "LEIXG-", "PERSON-")) or is_rid(name):
        raise Refused("system.name", name=name)
    holder = directory.system(name)
    if holder is not None and not {entry.party for entry in holder.parties} & set(parties):
        raise Refused("system.name", name=name)


def compute(spec: ComputeSpec | None) -> Compute | None:
    """Raises Refused ``system.field`` unless exactly one way to tell it is used."""
    if spec is None:
        return None
    dense = (spec.parameters, spec.tokens)
    if spec.petaflop is not None and dense == (None, None):
        petaflop, measure = spec.petaflop, spec.measure
    elif spec.petaflop is None and spec.parameters and spec.tokens:
        petaflop, measure = tiers.estimate_petaflop(spec.parameters, spec.tokens), Measure.ESTIMATED
    else:
        raise _bad("compute", "give petaflop, or parameters and tokens")
    if not 0 <= petaflop < 2**53:
        raise _bad("compute", "out of range")
    return Compute(petaflop=petaflop, measure=measure)


def opaque(spec: OpaqueSpec | None) -> Opaque | None:
    """Raises Refused ``system.field``."""
    if spec is None:
        return None
    for field in ("provider", "model", "version"):
        _words(getattr(spec, field), f"opaque.{field}")
    if spec.filing:
        _words(spec.filing, "opaque.filing")
    _form(_PROBE, spec.probe, "opaque.probe", "64 hexadecimal digits")
    return Opaque(
        provider=spec.provider,
        endpoint=endpoint(spec.endpoint, "opaque.endpoint"),
        model=spec.model,
        version=spec.version,
        filing=spec.filing,
        probe=spec.probe,
    )


def endpoint(text: str, field: str) -> str:
    """Raises Refused ``system.field``."""
    _form(_ENDPOINT, text, field, "an http or https URL without user, password, query or fragment")
    return text


def _words(text: str, field: str) -> None:
    if not text.strip() or text != text.strip() or len(text) > _MAX_WORDS or not printable(text):
        raise _bad(field, f"one line of up to {_MAX_WORDS} characters")


def _form(form: re.Pattern[str], text: str, field: str, expected: str) -> None:
    if not form.fullmatch(text):
        raise _bad(field, f"expected {expected}")


def _unique(values: tuple[str, ...], field: str) -> None:
    if len(set(values)) != len(values):
        raise _bad(field, "one is given twice")


def _bad(field: str, problem: str) -> Refused:
    return Refused("system.field", field=field, problem=problem)
