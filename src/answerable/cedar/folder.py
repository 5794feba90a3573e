# SPDX-License-Identifier: Apache-2.0
"""Reads a folder of policies whole, or not at all. What is no part of one is a fault: a policy under a misspelt name
would be a rule that nobody applies.

  *.cedar              policies, in the order of their names
  schema.cedarschema   types of the operator's own, beside those of `cedar.schema`
  entities.json        groups, their members, and entities of the operator's own types
  cases.toml, .json    cases for `answerable policy test`; no part of what decides
  SHA256SUMS           if it is there, every file above stands in it, as sha256sum(1) writes it, and nothing else does
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from answerable.errors import Refused

SCHEMA: Final = "schema.cedarschema"
ENTITIES: Final = "entities.json"
CASES: Final[tuple[str, ...]] = ("cases.toml", "cases.json")
SUMS: Final = "SHA256SUMS"
POLICY: Final = ".cedar"
# Large enough for what people write, small enough to read in one go: a swap must not stop a gateway.
MAX_FILE: Final = 1024 * 1024
MAX_ALL: Final = 4 * MAX_FILE
MAX_FILES: Final = 500


@dataclass(frozen=True, slots=True)
class Files:
    """A folder as it was read. texts: name -> text of what decides; cases: name -> text of what does not; digest:
    sha256 hex over all that decides."""

    folder: str
    texts: Mapping[str, str]
    cases: Mapping[str, str]
    digest: str

    @property
    def policies(self) -> dict[str, str]:
        return {name: text for name, text in self.texts.items() if name.endswith(POLICY)}


Signature = tuple[tuple[str, int, int, int], ...]


def signature(folder: Path) -> Signature:
    """What changes when a file of the folder does: names, inodes, sizes and times. Cheap. Raises Refused
    ``policy.folder`` where the folder cannot be listed, or holds what is no part of one."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        found = []
        for entry in entries:
            if _passed_over(entry.name):
                continue
            status = entry.stat()
            if not stat.S_ISREG(status.st_mode) or not _known(entry.name):
                raise _fault(folder, f"{entry.name}: no part of a policy folder")
            found.append((entry.name, status.st_ino, status.st_size, status.st_mtime_ns))
    except OSError as error:
        raise _fault(folder, error.strerror or type(error).__name__) from None
    if len(found) > MAX_FILES:
        raise _fault(folder, f"more than {MAX_FILES} files")
    return tuple(found)


def read(folder: Path) -> Files:
    """All of it, as it stood at one instant. Raises Refused ``policy.folder``: also for a folder that changes while it
    is read, and for one without a policy, which would refuse everything."""
    before = signature(folder)
    if sum(size for _, _, size, _ in before) > MAX_ALL:
        raise _fault(folder, f"more than {MAX_ALL} bytes")
    data: dict[str, bytes] = {}
    for name, _, size, _ in before:
        if size > MAX_FILE:
            raise _fault(folder, f"{name}: more than {MAX_FILE} bytes")
        try:
            with (folder / name).open("rb") as file:
                data[name] = file.read(MAX_FILE + 1)
        except OSError as error:
            raise _fault(folder, f"{name}: {error.strerror}") from None
        if len(data[name]) != size:
            raise _fault(folder, f"{name}: it changed while it was read")
    if signature(folder) != before:
        raise _fault(folder, "it changed while it was read")
    _check_sums(folder, data)
    texts = {name: _text(folder, name, body) for name, body in data.items() if name != SUMS}
    cases = {name: texts.pop(name) for name in CASES if name in texts}
    if not any(name.endswith(POLICY) for name in texts):
        raise _fault(folder, "no policy in it: that would refuse everything")
    return Files(str(folder), texts, cases, _digest(texts))


def _passed_over(name: str) -> bool:
    """What editors, people and version control leave beside policies."""
    return name.startswith(".") or name.endswith("~") or name.startswith("README")


def _known(name: str) -> bool:
    return name in {SCHEMA, ENTITIES, *CASES, SUMS} or (name.endswith(POLICY) and name != POLICY)


def _text(folder: Path, name: str, body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise _fault(folder, f"{name}: not UTF-8") from None


def _check_sums(folder: Path, data: Mapping[str, bytes]) -> None:
    """A list of digests makes a folder whole or nothing: a file that is missing, half-written or new is seen."""
    if SUMS not in data:
        return
    told: dict[str, str] = {}
    for line in _text(folder, SUMS, data[SUMS]).splitlines():
        digest, _, name = line.partition(" ")
        name = name.strip().removeprefix("*").removeprefix("./")
        if len(digest) != 64 or not name or name in told:
            raise _fault(folder, f"{SUMS}: a line that is none")
        told[name] = digest.lower()
    there = {name: sha256(body).hexdigest() for name, body in data.items() if name != SUMS}
    for name in sorted(told.keys() | there.keys()):
        if told.get(name) != there.get(name):
            raise _fault(folder, f"{name}: not as {SUMS} says")


def _digest(texts: Mapping[str, str]) -> str:
    lines = [f"{sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(texts.items())]
    return sha256("".join(lines).encode()).hexdigest()


def _fault(folder: Path, detail: str) -> Refused:
    return Refused("policy.folder", folder=str(folder), detail=detail[:400])
