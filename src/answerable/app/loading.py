# SPDX-License-Identifier: Apache-2.0
"""Reading the directory at a start. The collector looks at every object again and again while millions are made, and
would stop the event loop for a second later on whenever it looked at all of them: what is loaded here stays, so it is
told to leave a large registry alone."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterable
from typing import Final

from answerable.model.units import Space
from answerable.registry.book import Book

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


def settled(book: Book) -> None:
    """After a start, with nothing more to read: what was read through goes back to the system. The C library keeps it
    for the next time, some sixth of a large registry's memory, and there is no next time."""
    if len(book.where()) >= MANY and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:  # glibc
        trim(0)
