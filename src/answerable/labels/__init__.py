# SPDX-License-Identifier: Apache-2.0
"""Labels for files in every medium: write them, read them, check them against the rules (GB 45438-2025, C2PA,
EU AI Act Art. 50, SB 942). A library of its own: it needs no store, no service and no network.

    from answerable.labels import Labeller, label, read_label

Nothing here removes a label. Importing this package costs nothing: what a name needs is loaded when it is used, and the
large libraries of the extras when a file of their medium is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from answerable.labels.identity import Labeller, create_key, load_key
    from answerable.labels.labelling import Labelled, label
    from answerable.labels.reading import FileReading, Trust, read_label

__all__ = ["FileReading", "Labelled", "Labeller", "Trust", "create_key", "label", "load_key", "read_label"]

_WHERE: Final = {
    "FileReading": "reading",
    "Labelled": "labelling",
    "Labeller": "identity",
    "Trust": "reading",
    "create_key": "identity",
    "label": "labelling",
    "load_key": "identity",
    "read_label": "reading",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
