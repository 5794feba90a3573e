# SPDX-License-Identifier: Apache-2.0
"""The policy in force: `ports.Policy` over a loaded folder, exchanged whole by a swap and never by parts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from answerable.cedar import asking
from answerable.cedar.folder import Signature, read, signature
from answerable.cedar.loaded import PREFIX, Known, Loaded, Rule, load
from answerable.errors import Refused
from answerable.model.actions import About, Decision, Facts
from answerable.model.terms import Ruling
from answerable.policy.why import Reason

# Callers and what they ask for whose entities are kept; fewer where the folder has many of its own, which each repeats.
MAX_KNOWN: Final = 1_024
MAX_KEPT: Final = 400_000

RULE: Final = "cedar"
ERRS: Final = "operator_policy_errs"
FORBIDS: Final = "operator_forbids"
NOTHING_PERMITS: Final = "operator_permits_nothing"
PERMITS: Final = "operator_permits"
ASKS: Final = "operator_asks_for_people"


class Cedar:
    """Off until `open` gave it a folder: then every action is refused (`decide` raises)."""

    def __init__(self) -> None:
        self._loaded: Loaded | None = None
        self._known: dict[tuple[object, ...], Known] = {}
        self._folder = Path()
        self._seen: Signature = ()

    @property
    def loaded(self) -> Loaded:
        """What is in force. Raises Refused ``policy.unloaded``."""
        if self._loaded is None:
            raise Refused("policy.unloaded")
        return self._loaded

    @property
    def digest(self) -> str:
        return self.loaded.digest

    def open(self, folder: Path) -> None:
        """Load the folder for the first time. Raises as `prepare`."""
        self._folder = folder
        self.swap(self.prepare())

    def prepare(self) -> Loaded:
        """The folder as it is now, ready to be swapped in; nothing changes yet. Takes milliseconds a hundred policies:
        for a thread. Raises Refused ``policy.folder``, ``policy.engine``."""
        return load(read(self._folder))

    def swap(self, loaded: Loaded) -> bool:
        """Exchange what is in force, between two decisions. False where it is the same."""
        same = self._loaded is not None and self._loaded.digest == loaded.digest
        self._loaded, self._known = loaded, {}
        return not same

    def touched(self) -> bool:
        """Whether the folder looks otherwise than when this was last asked. Cheap. Raises Refused ``policy.folder``."""
        try:
            now = signature(self._folder)
        except Refused:
            self._seen = ()
            raise
        before, self._seen = self._seen, now
        return before != now

    def decide(self, facts: Facts, about: About) -> Decision:
        """The ruling of the folder's policies. Raises Refused ``policy.unloaded``."""
        loaded = self.loaded
        try:
            known = self._entities(loaded, facts, about)
            request = asking.request(facts, about)
        except (KeyError, ValueError):
            return Decision(Ruling.REFUSE, RULE, ERRS)
        verdict = loaded.judge(request, known)
        if verdict.errors:
            return Decision(Ruling.REFUSE, _rule(verdict.rules), ERRS)
        if not verdict.allowed:
            return Decision(Ruling.REFUSE, _rule(verdict.rules), FORBIDS if verdict.rules else NOTHING_PERMITS)
        people = loaded.people(request, known)
        if people.errors:
            return Decision(Ruling.REFUSE, _rule(people.rules), ERRS)
        if not people.allowed:
            most = max((rule.people for rule in people.rules), default=0)
            if not most:
                return Decision(Ruling.REFUSE, RULE, ERRS)
            roles = dict.fromkeys(f"role:{rule.role}" for rule in people.rules if rule.role)
            return Decision(Ruling.HOLD, _rule(people.rules), ASKS, (f"approvals:{most}", *roles))
        return Decision(Ruling.PERMIT, _rule(verdict.rules), PERMITS)

    def reason(self, rule: str, lang: str = "en") -> Reason | None:
        """Where a rule of a decision stands and what it says of itself; None for one that is not of this folder."""
        if rule == RULE:
            return Reason(source=self.loaded.files.folder, reason=_OWN[lang == "zh"][0], remedy=_OWN[lang == "zh"][1])
        for each in self.loaded.rules:
            if rule == PREFIX + each.id:
                notes, suffix = each.notes, "_zh" if lang == "zh" else ""
                place = f"{self.loaded.files.folder}/{each.place}"
                reason, remedy = _PLAIN[lang == "zh"]
                return Reason(
                    source=place,
                    reason=notes.get("reason" + suffix) or notes.get("reason") or reason,
                    remedy=notes.get("remedy" + suffix) or notes.get("remedy") or remedy.format(place=place),
                    text=each.text,
                )
        return None

    def _entities(self, loaded: Loaded, facts: Facts, about: About) -> Known:
        key = asking.key(facts, about)
        known = self._known.get(key)
        if known is None:
            known = loaded.know(asking.entities(facts, about))
            if len(self._known) >= min(MAX_KNOWN, MAX_KEPT // (len(loaded.uids) + 8)):
                self._known.clear()
            self._known[key] = known
        return known


# Of a policy that does not say.
_PLAIN: Final = (
    ("It is what the operator's policy of that name says.", "Read it at {place}, and ask whoever keeps the folder."),
    ("此为运营者该名称策略所定。", "请阅读 {place}，并询问该文件夹的维护者。"),
)
_OWN: Final = (
    (
        "No policy of the folder permits this, or one of them erred: then nothing is permitted.",
        "Run `answerable policy explain` with a description of the action, and `answerable policy test`.",
    ),
    (
        "文件夹中没有策略允许此行为，或某条策略出错：此时一概不允许。",
        "请用对该行为的描述运行 `answerable policy explain`，并运行 `answerable policy test`。",
    ),
)


def _rule(rules: tuple[Rule, ...]) -> str:
    """The first in the order of files and lines."""
    return PREFIX + rules[0].id if rules else RULE
