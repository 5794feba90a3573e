# SPDX-License-Identifier: Apache-2.0
"""What tracing was measured to do, as the page `docs/reference/tracing.md` says it."""

from __future__ import annotations

from typing import Any, Final

HEADING: Final = "## Labelled and unlabelled files"


def bound(wrong: int, of: int, confidence: float = 0.95) -> float:
    """The upper bound of a rate: where so few or fewer would be seen once in twenty times."""
    if wrong >= of:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(wrong + 1, of - wrong, confidence))


def sums(report: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(false positives of all unlabelled items; true positives of all labelled ones, as they are and changed)."""
    unlabelled = (report["unlabelled texts"], report["unlabelled pictures"])
    wrong, of = (sum(each[name] for each in unlabelled) for name in ("false", "of"))
    false = {"items": of, "named": wrong, "rate": wrong / of, "upper bound 95 %": bound(wrong, of)}
    words, seen = report["labelled texts"], report["labelled pictures"]
    first = (words["as it is"], seen["as it is"])
    right, asked = (sum(each[name] for each in first) for name in ("right", "of"))
    rows = [*words.values(), *seen.values()]
    return false, {
        "items": asked,
        "found": right,
        "rate": right / asked,
        "lower bound 95 %": 1 - bound(asked - right, asked),
        "asked in all, changed too": sum(row["of"] for row in rows),
        "found in all, most without their watermark": sum(row["right"] for row in rows),
        "named wrongly": sum(row["wrong"] for row in rows),
    }


def put(page: str, report: dict[str, Any]) -> str:
    """The page with what stands under the heading, to the end, replaced."""
    head, found, _ = page.partition(HEADING)
    if not found:
        raise ValueError(f"the page has no heading {HEADING!r}")
    return head + tables(report)


def tables(report: dict[str, Any]) -> str:
    """The part of the page."""
    labelled, seen, words = report["labelled"], report["labelled pictures"], report["labelled texts"]
    plain, texts, false, true = (
        report["unlabelled pictures"],
        report["unlabelled texts"],
        report["false"],
        report["true"],
    )
    searched = next(iter(seen.values()))["looked at for a watermark"]
    moved = (
        f"{plain['moved: named']} ({plain['moved: contradicted']:,} contradicted, "
        f"{plain['moved: could not be checked']:,} could not be checked)"
    )
    lines = [
        HEADING,
        "",
        f"`python -m benchmarks.tracing`, a whole run: {labelled['pictures']:,} labelled pictures and "
        f"{labelled['texts']:,} labelled texts, each asked about as it is and after each transform; "
        f"{plain['of']:,} pictures and {texts['of']:,} texts of other packages without a label; and those "
        f"{plain['moved']:,} pictures once more under the label of another.",
        "",
        "| without a label | asked about | a record was named | upper bound of the rate (95 %, Clopper and Pearson) |",
        "| --- | --- | --- | --- |",
        f"| pictures | {plain['of']:,} | {plain['false']} | {bound(plain['false'], plain['of']):.3%} |",
        f"| texts | {texts['of']:,} | {texts['false']} | {bound(texts['false'], texts['of']):.3%} |",
        f"| both | {false['items']:,} | {false['named']} | {false['upper bound 95 %']:.3%} |",
        f"| pictures under another's label | {plain['moved']:,} | {moved} | "
        f"{bound(plain['moved: named'], plain['moved']):.3%} |",
        "",
        f"In {plain['everywhere']:,} of the pictures without a label the watermark was looked for everywhere, in the "
        f"others at its place. {plain.get('left out', 0)} photographs were left out that a labelled one shows in "
        f"another size ({plain.get('left out, named', 0)} of them named), and {texts.get('left out', 0)} texts that "
        "have a run of twelve words in common with a labelled one: packages carry copies of each other's licences. Of "
        "those, "
        f"{texts.get('left out, named', 0)} were named, {texts.get('left out, named as probable', 0)} of them as "
        "*probably*: that says of a text that much of its wording stands in a record, and how much, and never who "
        "wrote it first.",
        "",
        "| with a label | asked about | its record was named | rate | lower bound (95 %) |",
        "| --- | --- | --- | --- | --- |",
        f"| texts and pictures as they are | {true['items']:,} | {true['found']:,} | {true['rate']:.2%} | "
        f"{true['lower bound 95 %']:.2%} |",
        "",
        f"Of {true['asked in all, changed too']:,} questions about labelled ones, changed or not, "
        f"{true['named wrongly']} named a record that they are not of.",
        "",
        f"| text | found, of {labelled['texts']:,} | named first |",
        "| --- | --- | --- |",
        *(f"| {name} | {row['right']:,} | {row['named first']:,} |" for name, row in words.items()),
        "",
        "Found: its record is among those named; named first: it is the one that is said to answer. Where packages "
        "share a text, several records hold it, and the first may be another's copy.",
        "",
        f"| picture | found, of {labelled['pictures']:,}, without its watermark | and with it, of {searched} | "
        "by the watermark alone |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {row['right without watermark']:,} | {row['right with it']} | {row['watermark']} |"
            for name, row in seen.items()
        ),
        "",
        "The drawn pictures have 256 and 320 pixels a side, photographs 512 at most; "
        f"{labelled['without watermark']} of the {labelled['pictures']:,} took no watermark; in the others the PSNR is "
        f"{labelled['watermark, dB, mean']} dB on average. What it does in larger pictures: "
        "[its table](labels-robustness.md).",
        "",
    ]
    return "\n".join(lines)
