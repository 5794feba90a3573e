# SPDX-License-Identifier: Apache-2.0
"""A folder that was read, as handles that decide: parsed, validated and tried, or refused with the line at fault.

Refused are: what does not parse or does not validate against the schema, a policy without an `@id` of its own,
templates, a group or an entity of the operator's that a policy names and no entities.json has, and whatever the engine
warns of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from answerable.cedar import schema, text
from answerable.cedar.folder import ENTITIES, SCHEMA, Files
from answerable.errors import Refused
from answerable.policy.domains import APPROVERS

if TYPE_CHECKING:
    import cedarpy

MAX_POLICIES: Final = 2_000
MAX_ENTITIES: Final = 20_000
MAX_PEOPLE: Final = 5
# It stands in leaves and refusals, and is typed on command lines.
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
HOLD: Final = "hold"
ROLE: Final = "role"
PREFIX: Final = "cedar:"  # before a policy's @id: the rule of its decisions


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy. people: of a ``forbid`` with `@hold`, how many must approve; 0: it refuses. role: that one of them
    holds, "" for any."""

    id: str
    file: str
    line: int
    effect: str  # permit | forbid
    people: int
    role: str
    notes: Mapping[str, str]  # its other annotations: reason, reason_zh, remedy, remedy_zh
    text: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine said of one request. rules: that decided, in their order; errors: its own words."""

    allowed: bool
    rules: tuple[Rule, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Entities of a request beside those of the folder. uids: (type, id) of all of them."""

    handle: cedarpy.Entities
    uids: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """digest: sha256 hex over the folder, the schema behind it and the engine's version. strict: policies that permit
    and refuse; holds: those that ask for people, None where there are none."""

    files: Files
    digest: str
    rules: tuple[Rule, ...]
    schema: cedarpy.Schema
    strict: cedarpy.PolicySet
    holds: cedarpy.PolicySet | None
    base: cedarpy.Entities
    members: Mapping[tuple[str, str], tuple[dict[str, str], ...]]  # of ours -> groups
    uids: frozenset[tuple[str, str]]
    _strict: tuple[Rule, ...] = field(repr=False)
    _holds: tuple[Rule, ...] = field(repr=False)

    def know(self, entities: list[dict[str, Any]]) -> Known:
        """The entities of a request. Raises ValueError for what the schema does not allow."""
        for each in entities:
            uid = (each["uid"]["type"], each["uid"]["id"])
            each["parents"] = [*each["parents"], *self.members.get(uid, ())]
        uids = frozenset((each["uid"]["type"], each["uid"]["id"]) for each in entities)
        return Known(self.base.with_added_json_str(json.dumps(entities), self.schema), uids)

    def judge(self, request: dict[str, Any], known: Known) -> Verdict:
        """What the policies that permit and refuse say."""
        return self._ask(request, known, self.strict, self._strict)

    def people(self, request: dict[str, Any], known: Known) -> Verdict:
        """What the policies that ask for people say: `allowed` where none of them matches."""
        if self.holds is None:
            return Verdict(True, (), ())
        return self._ask(request, known, self.holds, self._holds)

    def _ask(
        self, request: dict[str, Any], known: Known, policies: cedarpy.PolicySet, rules: tuple[Rule, ...]
    ) -> Verdict:
        import cedarpy

        for part in ("principal", "resource"):
            # The engine takes an unknown one for an entity without attributes and groups, even with a schema.
            uid = (request[part]["type"], request[part]["id"])
            if uid not in known.uids:
                return Verdict(False, (), (f"unknown {part}",))
        try:
            answer = cedarpy.is_authorized(request, policies, known.handle, schema=self.schema)
        except BaseException as error:
            if not _engine(error):
                raise
            return Verdict(False, (), ("the engine failed",))
        errors = tuple(answer.diagnostics.errors)
        decided = sorted(int(name.removeprefix("policy")) for name in answer.diagnostics.reasons)
        return Verdict(answer.allowed and not errors, tuple([rules[at] for at in decided if at < len(rules)]), errors)


def load(files: Files) -> Loaded:
    """Raises Refused ``policy.folder`` with file and line, ``policy.engine`` without the extra."""
    try:
        import cedarpy
    except ImportError:
        raise Refused("policy.engine", extra="cedar") from None
    reader = _Reader(files)
    if text.too_deep(files.texts.get(SCHEMA, ""), angles=True):
        raise reader.fault(SCHEMA, f"nested deeper than {text.MAX_DEPTH}")
    try:
        made = cedarpy.Schema.from_str(schema.text() + "\n" + files.texts.get(SCHEMA, ""))
    except ValueError as error:
        raise reader.fault(SCHEMA, _first(error)) from None
    members, own = reader.entities(made)
    base = reader.base(made, own)
    uids = frozenset((each["uid"]["type"], each["uid"]["id"]) for each in own)
    rules = tuple(reader.rules(made, uids))
    strict = tuple(rule for rule in rules if not rule.people)
    holds = tuple(rule for rule in rules if rule.people)
    behind = sha256(f"{files.digest}\n{schema.text()}\n{_version()}".encode()).hexdigest()
    return Loaded(
        files=files,
        digest=behind,
        rules=rules,
        schema=made,
        strict=cedarpy.PolicySet.from_str("\n".join(rule.text for rule in strict)),
        # What asks for people is asked by itself: a call that waits must be one that the others permit.
        holds=cedarpy.PolicySet.from_str("\n".join([*(rule.text for rule in holds), _ALL])) if holds else None,
        base=base,
        members=members,
        uids=uids,
        _strict=strict,
        _holds=holds,
    )


_ALL: Final = "permit (principal, action, resource);"


def _version() -> str:
    from importlib.metadata import version

    return version("cedarpy")


class _Reader:
    def __init__(self, files: Files) -> None:
        self._files = files

    def fault(self, where: str, detail: str) -> Refused:
        return Refused("policy.folder", folder=self._files.folder, detail=f"{where}: {detail}"[:400])

    def entities(
        self, made: cedarpy.Schema
    ) -> tuple[dict[tuple[str, str], tuple[dict[str, str], ...]], list[dict[str, Any]]]:
        """(what of ours belongs to which groups, entities of the folder's own)."""
        members: dict[tuple[str, str], tuple[dict[str, str], ...]] = {}
        own: list[dict[str, Any]] = []
        seen: set[tuple[str, str]] = set()
        try:
            told = json.loads(self._files.texts.get(ENTITIES, "[]"))
        except (ValueError, RecursionError):
            raise self.fault(ENTITIES, "not JSON") from None
        if not isinstance(told, list) or len(told) > MAX_ENTITIES:
            raise self.fault(ENTITIES, f"not an array of at most {MAX_ENTITIES} entities")
        for number, each in enumerate(told):
            where = f"{ENTITIES}: entity {number}"
            if not isinstance(each, dict) or not {"uid"} <= each.keys() <= {"uid", "attrs", "parents"}:
                raise self.fault(where, "not {uid, attrs, parents}")
            uid, parents = self._uid(where, each["uid"]), each.get("parents", [])
            if not isinstance(parents, list):
                raise self.fault(where, "parents is no array")
            above = tuple(dict(zip(("type", "id"), self._uid(where, parent), strict=True)) for parent in parents)
            if uid[0] in schema.VOCABULARIES or uid[0] == "Facts":
                raise self.fault(where, f"{uid[0]} is made for each request")
            if uid in seen:
                raise self.fault(where, f'{uid[0]}::"{uid[1]}" stands twice')
            seen.add(uid)
            if uid[0] not in schema.OURS:
                own.append({"uid": {"type": uid[0], "id": uid[1]}, "attrs": each.get("attrs", {}), "parents": above})
                continue
            if each.get("attrs") or any(parent["type"] != schema.GROUP for parent in above):
                raise self.fault(where, f"of a {uid[0]} the folder says its groups alone")
            members[uid] = above
        groups = {(each["uid"]["type"], each["uid"]["id"]) for each in own}
        for uid, above in (*members.items(), *(((e["uid"]["type"], e["uid"]["id"]), e["parents"]) for e in own)):
            for parent in above:
                if (parent["type"], parent["id"]) not in groups:
                    unknown = f'{parent["type"]}::"{parent["id"]}"'
                    raise self.fault(ENTITIES, f'{uid[0]}::"{uid[1]}" is in {unknown}, which is not there')
        return members, own

    def base(self, made: cedarpy.Schema, own: list[dict[str, Any]]) -> cedarpy.Entities:
        """The folder's own entities as a handle. The engine does not say which of many is wrong."""
        import cedarpy

        try:
            return cedarpy.Entities.from_json_str(json.dumps(own), made)
        except ValueError as error:
            for each in own:
                try:
                    cedarpy.Entities.from_json_str(json.dumps([each]), made)
                except ValueError:
                    name = f'{each["uid"]["type"]}::"{each["uid"]["id"]}"'
                    raise self.fault(ENTITIES, f"{name}: not as the schema says: {_first(error)}") from None
            raise self.fault(ENTITIES, _first(error)) from None

    def _uid(self, where: str, told: Any) -> tuple[str, str]:
        if not (
            isinstance(told, dict)
            and told.keys() == {"type", "id"}
            and isinstance(told["type"], str)
            and isinstance(told["id"], str)
        ):
            raise self.fault(where, "a uid is {type, id}")
        return told["type"], told["id"]

    def rules(self, made: cedarpy.Schema, uids: frozenset[tuple[str, str]]) -> Iterator[Rule]:
        seen: dict[str, Rule] = {}
        for file, body in sorted(self._files.policies.items()):
            for piece in text.pieces(body):
                rule = self._rule(file, piece, made, uids)
                if rule.id in seen:
                    raise self.fault(rule.place, f'@id("{rule.id}") is that of {seen[rule.id].place} too')
                seen[rule.id] = rule
                if len(seen) > MAX_POLICIES:
                    raise self.fault(file, f"more than {MAX_POLICIES} policies")
                yield rule
        if not seen:
            raise self.fault("*.cedar", "no policy in it: that would refuse everything")

    def _rule(self, file: str, piece: text.Piece, made: cedarpy.Schema, uids: frozenset[tuple[str, str]]) -> Rule:
        import cedarpy

        place = f"{file}:{piece.line}"
        if text.too_deep(piece.text):
            raise self.fault(place, f"nested deeper than {text.MAX_DEPTH}, or longer than {text.MAX_STEPS} steps")
        try:
            told = json.loads(cedarpy.policies_to_json_str(piece.text))
        except RecursionError:
            raise self.fault(place, "nested too deeply") from None
        except ValueError as error:
            raise self.fault(place, _first(error)) from None
        if told.get("templates") or told.get("templateLinks"):
            raise self.fault(place, "a template: nothing here links it")
        policies = list(told["staticPolicies"].values())
        if len(policies) != 1:
            raise self.fault(place, "not one policy")
        valid = cedarpy.validate_policies(piece.text, made)
        if not valid.validation_passed:
            raise self.fault(place, "; ".join(_told(each.error) for each in valid.errors) or "it does not validate")
        notes = {name: value or "" for name, value in policies[0].get("annotations", {}).items()}
        name, people, role = notes.pop("id", ""), notes.pop(HOLD, ""), notes.pop(ROLE, "")
        if not _ID.fullmatch(name):
            raise self.fault(place, 'needs an @id("…") of small letters, digits, dots, dashes and underlines')
        for kind, entity in _literals({part: of for part, of in policies[0].items() if part != "annotations"}):
            if kind not in (*schema.OURS, *schema.VOCABULARIES, "Action") and (kind, entity) not in uids:
                raise self.fault(place, f'{kind}::"{entity}" stands in no {ENTITIES}')
        for attribute, kind in _crossed(policies[0].get("conditions")):
            raise self.fault(place, f"never true: {attribute} is no {kind}")
        effect = policies[0]["effect"]
        if people and (effect != "forbid" or people not in {str(n) for n in range(1, MAX_PEOPLE + 1)}):
            raise self.fault(place, f'@hold("n") is for a forbid, n from 1 to {MAX_PEOPLE}')
        if role and (not people or role not in APPROVERS):
            raise self.fault(place, f'@role("…") is for a forbid with @hold: {", ".join(sorted(APPROVERS))}')
        return Rule(name, file, piece.line, effect, int(people or 0), role, notes, piece.text)


def _literals(node: Any) -> Iterator[tuple[str, str]]:
    """Every entity that a policy names."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str) and isinstance(node.get("id"), str):
            yield node["type"], node["id"]
        for each in node.values():
            yield from _literals(each)
    elif isinstance(node, list):
        for each in node:
            yield from _literals(each)


def _crossed(node: Any) -> Iterator[tuple[str, str]]:
    """Comparisons of an attribute with an entity of another type: the engine takes them, and they are never true."""
    if isinstance(node, dict):
        for operator in ("==", "!="):
            sides = node.get(operator)
            if not isinstance(sides, dict):
                continue
            for one, other in (("left", "right"), ("right", "left")):
                attribute = _attribute(sides.get(one))
                for kind, _ in _literals({"Value": sides.get(other, {}).get("Value")}):
                    if attribute in schema.ATTRIBUTES and schema.ATTRIBUTES[attribute] != kind:
                        yield attribute, kind
        for each in node.values():
            yield from _crossed(each)
    elif isinstance(node, list):
        for each in node:
            yield from _crossed(each)


def _attribute(node: Any) -> str:
    got = node.get(".") if isinstance(node, dict) else None
    name = got.get("attr") if isinstance(got, dict) else None
    return name if isinstance(name, str) else ""


def _engine(error: BaseException) -> bool:
    """Whether the engine failed: an error of its own, or a panic, which is no `Exception`."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _first(error: ValueError) -> str:
    return " ".join(str(error).split())[:300]


def _told(error: str) -> str:
    """Without the engine's own name of the only policy that was shown to it."""
    return re.sub(r"^for policy `policy0`[,:] ", "", error)
