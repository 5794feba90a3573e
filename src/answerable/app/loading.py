# SPDX-License-Identifier: Apache-2.0
"""Reading the directory at a start. The collector looks at every object again and again while millions are made, and
would stop the event loop for a second later on whenever it looked at all of them: what is loaded here stays, so it is
told to leave a large registry alone."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
from collections.abc import Callable, Iterable
from typing import Final

from answerable.errors import AnswerableError
from answerable.model.terms import PartyKind
from answerable.model.units import Payload, Space
from answerable.registry.book import Book
from answerable.sequencer.reader import Reader

NAMES_S: Final = 2.0
_log = logging.getLogger("answerable.core")
MANY: Final = 50_000  # systems from which it is worth what it costs: nothing that exists then is ever looked at again


def load_book(domain: str, rows: Callable[[Space], Iterable[tuple[str, bytes]]]) -> Book:
    """As `Book.load`. Raises as it does."""
    was = gc.isenabled()
    gc.disable()
    try:
        book = Book.load(domain, rows)
        if len(book.where()) >= MANY:
            gc.freeze()
    finally:
        if was:
            gc.enable()
    return book


async def learn_names(book: Book, reader: Reader) -> None:
    """Those of natural persons, which stand in no row. What cannot be read is told by `log fsck`, and is an id here."""
    for party in list(book.parties()):
        if party.kind is PartyKind.PERSON:
            try:
                kept = await reader.payload(party.rid, "name")
            except AnswerableError as error:
                _log.error("the name of %s cannot be read: %s", party.id, error.code)
                continue
            if kept is not None and kept[1] is not None:
                book.learn([Payload(party.rid, "name", kept[0], kept[1])])


async def naming(book: Book, reader: Reader) -> asyncio.Task[None]:
    """`learn_names`, in most cases ended. Where the log's index lies far behind the reading takes long: nobody waits
    for it, and until then persons go by their ids."""
    task = asyncio.create_task(learn_names(book, reader))
    await asyncio.wait([task], timeout=NAMES_S)
    return task


def settled(book: Book) -> None:
    """After a start, with nothing more to read: what was read through goes back to the system. The C library keeps it
    for the next time, some sixth of a large registry's memory, and there is no next time."""
    if len(book.where()) >= MANY and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:  # glibc
        trim(0)
