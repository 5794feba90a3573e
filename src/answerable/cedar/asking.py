# SPDX-License-Identifier: Apache-2.0
"""An action as a Cedar request: principal, action, resource and context, and the entities behind them. Every member is
given, always: what a policy reads is there."""

from __future__ import annotations

from typing import Any, Final

from answerable.model.actions import About, Facts
from answerable.model.records import Party, System
from answerable.model.terms import Act
from answerable.model.tools import Tool
from answerable.model.warrants import Bearer

FACTS: Final = "asked"  # id of the one entity of its kind
ACTIONS: Final = {Act.GENERATION: "generate", Act.EMBEDDING: "embed", Act.TOOL_CALL: "call"}


def request(facts: Facts, about: About) -> dict[str, Any]:
    """Raises KeyError for an act that has no action here."""
    return {
        "principal": {"type": "Copy", "id": about.caller.copy.id},
        "action": {"type": "Action", "id": ACTIONS[facts.act]},
        "resource": resource(about),
        # One reference, and what differs from call to call: the engine reads and checks a context anew each time, the
        # entities of `entities` once.
        "context": {"facts": _ref("Facts", FACTS), "arguments": about.arguments},
    }


def resource(about: About) -> dict[str, str]:
    if about.tool is None:
        return {"type": "System", "id": about.via.system.id}
    return {"type": "Tool", "id": about.tool.key}


def key(facts: Facts, about: About) -> tuple[Any, ...]:
    """What `entities` are the same for."""
    caller, via, action = about.caller, about.via, about.action
    return (
        caller.system.rid, caller.copy.rid, caller.party.rid, caller.party.standing, caller.warrant.tier,
        caller.warrant.tools, via.system.rid, via.party.rid, via.party.standing, about.tool, facts, action.language,
        action.stream, bool(action.principal),
    )  # fmt: skip


def entities(facts: Facts, about: About) -> list[dict[str, Any]]:
    """Principal, resource and facts with all that they lead to, each once."""
    caller, via = about.caller, about.via
    made = [
        *_system(caller.system, caller.party),
        *_system(via.system, via.party),
        _copy(caller),
        _entity("Facts", FACTS, _facts(facts, about)),
    ]
    if about.tool is not None:
        made += _tool(about.tool, via.system, facts)
    return list({(each["uid"]["type"], each["uid"]["id"]): each for each in made}.values())


def _facts(facts: Facts, about: About) -> dict[str, Any]:
    action = about.action
    return {
        "tier": facts.tier,
        "world": _word("World", facts.world),
        "criticality": _word("Criticality", facts.criticality),
        "weight": facts.criticality.rank,
        "audience": _word("Audience", facts.audience),
        "standing": _word("Standing", facts.standing),
        "dataClass": _word("DataClass", facts.data_class),
        "locality": _word("Locality", facts.locality),
        "effect": _word("Effect", facts.effect),
        "domain": _word("Domain", about.tool.domain if about.tool else ""),
        "envelope": facts.envelope,
        "guarded": facts.guarded,
        "language": action.language,
        "stream": action.stream,
        "named": bool(action.principal),
    }


def _copy(caller: Bearer) -> dict[str, Any]:
    system = _ref("System", caller.system.id)
    attrs = {
        "system": system,
        "party": _ref("Party", caller.party.id),
        "tier": caller.warrant.tier,
        "tools": list(caller.warrant.tools),
    }
    return _entity("Copy", caller.copy.id, attrs, ("System", caller.system.id))


def _system(system: System, party: Party) -> tuple[dict[str, Any], dict[str, Any]]:
    attrs = {
        "name": system.name,
        "version": system.version,
        "kind": _word("Kind", system.kind),
        "tier": system.tier,
        "party": _ref("Party", party.id),
        "capabilities": list(system.capabilities),
    }
    who = _entity("Party", party.id, {"standing": _word("Standing", party.standing)})
    return who, _entity("System", system.id, attrs)


def _tool(tool: Tool, system: System, facts: Facts) -> tuple[dict[str, Any], dict[str, Any]]:
    """What it is said to be in the registry; what is asked for stands in the context."""
    server = _entity(
        "Server", tool.server, {"system": _ref("System", system.id), "locality": _word("Locality", facts.locality)}
    )
    attrs = {
        "server": _ref("Server", tool.server),
        "name": tool.name,
        "world": _word("World", tool.world),
        "criticality": _word("Criticality", tool.criticality),
        "domain": _word("Domain", tool.domain),
        "effect": _word("Effect", tool.effect),
    }
    return server, _entity("Tool", tool.key, attrs, ("Server", tool.server))


def _entity(kind: str, id: str, attrs: dict[str, Any], *parents: tuple[str, str]) -> dict[str, Any]:
    above = [{"type": each, "id": name} for each, name in parents]
    return {"uid": {"type": kind, "id": id}, "attrs": attrs, "parents": above}


def _ref(kind: str, id: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": id}}


def _word(kind: str, word: str) -> dict[str, dict[str, str]]:
    return _ref(kind, str(word))
