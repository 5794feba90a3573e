# SPDX-License-Identifier: Apache-2.0
"""Results of long work, kept in a file as they come: what was cut off goes on where it was.

Results are continued only by the code and for the question that they began with: a file of others is begun anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

Work = TypeVar("Work")
Result = TypeVar("Result")


def digest(files: Iterable[Path], *said: object) -> str:
    """Of the contents of files, and of whatever else the results depend on, as `repr` says it; hex."""
    hashed = sha256(repr(said).encode())
    for file in sorted(files):
        hashed.update(sha256(file.read_bytes()).digest())
    return hashed.hexdigest()


class Kept(Generic[Work, Result]):
    """A file of results: a line with `of`, then a line each.

    of: by what and for what they are (`digest`). result: their type, for msgspec.
    """

    def __init__(self, path: Path, of: str, result: type[Result]) -> None:
        self._path = path
        self._line = msgspec.json.Decoder(tuple[int, result])
        self.results: dict[int, Result] = {}
        lines = path.read_bytes().split(b"\n") if path.exists() else []
        whole = lines[1:-1] if lines and lines[0] == of.encode() else None  # what follows the last line end is cut off
        for line in whole or ():
            number, found = self._line.decode(line)
            self.results[number] = found
        path.write_bytes(b"\n".join((of.encode(), *(whole or ()), b"")))

    def through(
        self, pool: Any, done: Callable[[Work], Result], works: Mapping[int, Work], chunk: int = 4
    ) -> list[Result]:
        """The results of all works, by number; only those are worked on that are not kept yet."""
        left = {number: work for number, work in works.items() if number not in self.results}
        with self._path.open("ab", buffering=0) as file:
            for number, found in zip(left, pool.imap(done, left.values(), chunksize=chunk), strict=True):
                file.write(msgspec.json.encode((number, found)) + b"\n")
                self.results[number] = found
                if len(self.results) % 100 == 0:
                    print(f"{self._path.stem}: {len(self.results)}", file=sys.stderr, flush=True)
        return [self.results[number] for number in sorted(works)]
