# SPDX-License-Identifier: Apache-2.0
"""The verdict over the layers of a label that was read. Each layer speaks for itself; together they must not
disagree."""

from __future__ import annotations

from answerable.marks.aigc import Found
from answerable.model.labels import LabelReading, Reading


def judge(
    *,
    explicit: str = "",
    aigc: Found | None = None,
    records: tuple[str, ...] = (),
    problems: tuple[str, ...] = (),
    readable: bool = True,
) -> LabelReading:
    """The reading of one piece of content.

    explicit: the words found; aigc: the object found; records: the record id of every place that states one, in the
    order of trust, "" where a place has none; problems: terms. readable: False when the content could not be read at
    all. Without AIGC object and words it is not labelled; two ids that differ, or an object that says "not by AI" in
    any way, are inconsistent; an object of bad form counts, with its problems named.
    """
    stated = tuple(record for record in records if record)
    problems = (*problems, *(aigc.problems if aigc is not None else ()))
    produce = aigc.aigc.produce_id if aigc is not None else ""
    record = stated[0] if stated else produce
    if not readable:
        verdict = Reading.UNCHECKED
    elif len({*stated, *((produce,) if produce else ())}) > 1:
        verdict, problems = Reading.INCONSISTENT, (*problems, "records_differ")
    elif "kind" in problems:
        verdict = Reading.INCONSISTENT
    elif explicit or aigc is not None:
        verdict = Reading.LABELLED
    else:
        verdict = Reading.NOT_LABELLED
    return LabelReading(
        verdict, explicit=explicit, aigc=aigc.aigc if aigc is not None else None, record=record, problems=problems
    )
