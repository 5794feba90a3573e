# SPDX-License-Identifier: Apache-2.0
"""Step 6 of the path: what the label of one action says. Which words, and where, is decided here and nowhere else.

The audience comes from the caller's warrant, never from the request: nobody talks a label away. Words stand in the text
wherever people read it; where the text must stay as the model wrote it, or a machine reads it, they stand in a field.
"""

from __future__ import annotations

from typing import Final

from answerable.marks.aigc import generated
from answerable.marks.wording import notice, words
from answerable.model.actions import Action
from answerable.model.labels import Label, Place, WordsMark
from answerable.model.terms import Act, Audience, SystemKind
from answerable.model.warrants import Bearer

# GB 45438-2025 is about what the public sees; people inside the house are told in the same way. A machine that reads
# must not find words in its data, but can pass them on from the field.
PLACES: Final[dict[Audience, Place]] = {
    Audience.PUBLIC: Place.TEXT,
    Audience.INTERNAL: Place.TEXT,
    Audience.MACHINE: Place.FIELD,
}


def compose(
    *,
    action: Action,
    caller: Bearer,
    model: Bearer,
    record: str,
    provider: str,
    words_mark: WordsMark = WordsMark.UNKNOWN,
) -> Label:
    """The label of `record`. A digital human says in each answer what it is, whoever asks. provider: the gateway
    operator's provider code; words_mark: what was done for a mark in the words.

    Raises VerificationError ``label.malformed`` if provider or record may not stand in an AIGC object, so that the
    action is refused rather than answered without a label.
    """
    explicit = "" if action.act is Act.EMBEDDING else words(action.language)
    told = PLACES.get(caller.warrant.audience, Place.TEXT)
    place = told if action.explicit_in_text else Place.FIELD
    human = SystemKind.DIGITAL_HUMAN in (caller.system.kind, model.system.kind)
    return Label(
        explicit,
        place if explicit else Place.FIELD,
        generated(provider, record),
        record,
        model.system.rid,
        caller.warrant.party,
        action.language,
        words_mark,
        told is Place.TEXT,
        notice(action.language) if human else "",
    )
