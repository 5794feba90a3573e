# SPDX-License-Identifier: Apache-2.0
"""The trust file: whose logs a reader believes, and which witnesses must have seen what they show (C2SP tlog-policy).

It comes to the reader by a way of its own, never inside a receipt. `check` is how a reader checks a checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from answerable.errors import VerificationError
from answerable.log import checkpoint as checkpoints
from answerable.log import cosignature
from answerable.log import note as notes
from answerable.log.head import Checkpoint
from answerable.log.note import Kind, Note, VerifierKey

MAX_TRUST: Final = 512 * 1024
# Of logs, of witnesses and of groups each; the specification asks for 32.
MAX_LINES: Final = 64
NONE: Final = "none"
WITNESS_KINDS: Final = frozenset({Kind.COSIGNATURE, Kind.MLDSA})
_BLANK: Final = re.compile(r"[ \t]+")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Witness:
    """name: by which groups and the quorum refer to it; key: of type 0x04 or 0x06; url: its submission prefix, or
    ""."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses a checkpoint if `needed` of its members (witnesses, earlier groups) do."""

    name: str
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A checkpoint that is believed. cosigned: witness -> when it cosigned, s; strangers: names of signatures by keys
    that the file does not know, which count for nothing."""

    checkpoint: Checkpoint
    note: Note
    cosigned: Mapping[str, int]
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """logs: verifier keys of trusted logs; a key's name is its log's origin; several of one name: a rotation, or one of
    each type. quorum: name of a witness or group, or `NONE`. urls: verifier key as text -> address of that log."""

    logs: tuple[VerifierKey, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE
    urls: Mapping[str, str] = field(default_factory=dict, hash=False)

    def check(self, note: bytes) -> Checkpoint:
        """The checkpoint in `note`, if a log of the file signed it, the quorum cosigned it, and no signature of a key
        of the file is bad. Raises VerificationError ``log.note``, ``log.checkpoint``, ``log.signature``,
        ``log.untrusted``, ``log.quorum``."""
        return self.judge(note).checkpoint

    def judge(self, note: bytes) -> Judged:
        """As `check`, and who signed."""
        checkpoint, signed = checkpoints.parse(note)
        by = notes.verified(signed, (*self.logs, *(witness.key for witness in self.witnesses)))
        if not any(key.name == checkpoint.origin for key in by if key in self.logs):
            raise VerificationError("log.untrusted", origin=checkpoint.origin)
        cosigned = self.cosigners(signed, by)
        if not self.met(cosigned):
            raise VerificationError("log.quorum", origin=checkpoint.origin, quorum=self.quorum)
        known = {(key.name, key.id) for key in by}
        strangers = tuple(each.name for each in signed.signatures if (each.name, each.id) not in known)
        return Judged(checkpoint, signed, cosigned, strangers)

    def cosigners(self, note: Note, by: tuple[VerifierKey, ...]) -> dict[str, int]:
        """Witness -> when it cosigned, s. by: the keys whose signatures on `note` were verified."""
        times = {(each.name, each.id): each.value for each in note.signatures}
        return {
            witness.name: cosignature.time_of(times[witness.key.name, witness.key.id])
            for witness in self.witnesses
            if witness.key in by
        }

    def as_of(self, cosigned: Mapping[str, int]) -> int:
        """The newest time since when a quorum had cosigned, s; 0 where none is needed or none is met."""
        newest: dict[str, int] = {}
        for name, time in sorted(cosigned.items(), key=lambda item: -item[1]):
            newest[name] = time
            if self.quorum != NONE and self.met(newest):
                return time
        return 0

    def met(self, cosigned: Mapping[str, int]) -> bool:
        """Whether these witnesses are a quorum."""
        names = set(cosigned)
        for group in self.groups:  # members stand before their group
            if sum(member in names for member in group.members) >= group.needed:
                names.add(group.name)
        return self.quorum == NONE or self.quorum in names


def parse(data: bytes, *, logs: bool = True) -> Trust:
    """The policy in a file. logs: whether it must name one; whoever knows the log from elsewhere needs none.

    Raises VerificationError ``log.trust`` for anything not understood: a line that is passed over could have been the
    one that demands more.
    """
    if len(data) > MAX_TRUST:
        raise _malformed(0, "longer than 512 KiB")
    # Octets above 0x7F are opaque: each stands for itself, and equal names are equal octets.
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if lines.pop():
        raise _malformed(len(lines) + 1, "a last line without its newline: the file may have been cut")
    file = _File()
    for number, line in enumerate(lines, 1):
        if any((c < " " and c != "\t") or c == "\x7f" for c in line):
            raise _malformed(number, "a control character")
        words = [word for word in _BLANK.split(line) if word]
        if words and not words[0].startswith("#"):
            try:
                file.take(words)
            except VerificationError as error:
                raise _malformed(number, str(error.params.get("detail"))) from None
    return file.whole(logs)


def format(trust: Trust) -> bytes:
    """The file; `parse` reads it back."""
    lines = [_line("log", key, trust.urls.get(str(key), "")) for key in trust.logs]
    lines += [_line("witness", each.name, each.key, each.url) for each in trust.witnesses]
    lines += [_line("group", each.name, each.needed, *each.members) for each in trust.groups]
    return "".join((*lines, _line("quorum", trust.quorum))).encode("utf-8", "surrogateescape")


class _File:
    """What was read so far."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.urls: dict[str, str] = {}
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum = ""
        self._names = {NONE}
        self._members: set[str] = set()

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                key = self._key(vkey, checkpoints.LOG_KINDS)
                self.logs.append(key)
                if url:
                    self.urls[str(key)] = url[0]
            case ["witness", name, vkey, *url] if len(url) <= 1:
                key = self._key(vkey, WITNESS_KINDS)
                self.witnesses.append(Witness(self._name(name), key, *url))
            case ["group", name, needed, *members] if members:
                self.groups.append(self._group(name, needed, members))
            case ["quorum", name] if not self.quorum:
                if name not in self._names:
                    raise _malformed(0, "a quorum that no line before it defines")
                self.quorum = name
            case _:
                raise _malformed(0, "a rule that this version does not know")

    def whole(self, logs: bool) -> Trust:
        if not self.quorum:
            raise _malformed(0, "no quorum line")
        if logs and not self.logs:
            raise _malformed(0, "no log")
        if max(len(self.logs), len(self.witnesses), len(self.groups)) > MAX_LINES:
            raise _malformed(0, f"more than {MAX_LINES} logs, witnesses or groups")
        return Trust(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum, self.urls)

    def _key(self, text: str, kinds: frozenset[Kind]) -> VerifierKey:
        key = VerifierKey.parse(text)
        if key.kind not in kinds:
            raise _malformed(0, f"a key of type {key.kind:#04x} in a line that takes none")
        # A log's key is no witness's either: nobody is the second pair of eyes on himself.
        for other in (*self.logs, *(witness.key for witness in self.witnesses)):
            if key.public == other.public or (key.name, key.id) == (other.name, other.id):
                raise _malformed(0, "a key listed twice")
        return key

    def _name(self, name: str) -> str:
        if name in self._names:
            raise _malformed(0, "a name that is taken")
        self._names.add(name)
        return name

    def _group(self, name: str, needed: str, members: list[str]) -> Group:
        for member in members:
            if member == NONE or member not in self._names:
                raise _malformed(0, "a member that no line before it defines")
            if member in self._members:
                raise _malformed(0, "a member of a group already: each counts once")
            self._members.add(member)
        number = {"all": str(len(members)), "any": "1"}.get(needed, needed)
        if not _NUMBER.fullmatch(number) or int(number) > len(members):
            raise _malformed(0, "a threshold that is not between 1 and the number of members")
        return Group(self._name(name), int(number), tuple(members))


def _line(*words: object) -> str:
    return " ".join(str(word) for word in words if word != "") + "\n"


def _malformed(line: int, detail: str) -> VerificationError:
    return VerificationError("log.trust", line=line, detail=detail)
