# SPDX-License-Identifier: Apache-2.0
"""`ls`, `describe`, `lineage`, `ps`: what is registered, and what stands against it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick, table, when

EXAMPLES: Final = {
    "ls": """\
  answerable ls                        systems, with tier, running copies, and orders against them
  answerable ls parties --json         also: copies, handles, admins, announcements, orders, reauthorisations
""",
    "describe": """\
  answerable describe base-model       who answers, why this tier, which duties are met
""",
    "lineage": """\
  answerable lineage base-model        ancestors, descendants, and what only uses it
""",
    "ps": """\
  answerable ps                        running copies; --all shows ended ones too
""",
}


def add(parser: Parser) -> None:
    verb = parser.prog.rpartition(" ")[2]
    parser.examples = EXAMPLES[verb]
    if verb == "ls":
        parser.add_argument("kind", nargs="?", choices=tuple(_LISTS), default="systems")
    elif verb == "ps":
        parser.add_argument("--all", action="store_true", help="ended copies too")
    else:
        parser.add_argument("system", metavar="SYSTEM", help="name, id or record id")
    parser.set_defaults(run={"ls": ls, "describe": describe, "lineage": lineage, "ps": ps}[verb])


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    path, head, row = _LISTS[args.kind]
    found = session(args).get(path)
    emit(args, found, table([pick(*words) for words in head], map(row, found)))
    return 0


def ps(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/copies", all="1" if args.all else "")
    _, head, row = _LISTS["copies"]
    emit(args, found, table([pick(*words) for words in head], map(row, found)))
    return 0


def describe(args: argparse.Namespace) -> int:
    from answerable.cli.session import part, session

    found = session(args).get(f"/systems/{part(args.system)}")
    emit(args, found, described(found))
    return 0


def lineage(args: argparse.Namespace) -> int:
    from answerable.cli.session import part, session

    found = session(args).get(f"/lineage/{part(args.system)}")
    emit(args, found, family(found))
    return 0


def described(view: dict[str, Any]) -> list[str]:
    """One system for people: who answers, the tier and why, the duties and whether they are met."""
    zh = pick("", "_zh")
    tier = view["tier"]
    lines = [
        f"{view['name']} {view['version']} ({view['kind']})",
        f"  {view['id']}",
        *(
            [pick(f"  STOPPED by order {view['stopped']}", f"  已被终止令 {view['stopped']} 终止")]
            if view["stopped"]
            else []
        ),
        pick("parties:", "责任主体："),
        *[
            f"  {entry['role']}: {entry['party']['name']} ({entry['party']['id']}, {entry['party']['standing']})"
            for entry in view["parties"]
        ],
        pick(f"tier {tier['tier']}", f"分级 {tier['tier']}")
        + (pick(", provisional", "（暂定）") if tier["provisional"] else ""),
        *[
            f"  {reason['tier']}: {reason['reason' + zh]} [{', '.join(reason['facts'])}]"
            + (pick("; inherited", "；继承") if reason["inherited"] else "")
            for reason in tier["reasons"]
        ],
        *([] if tier["reasons"] else [pick("  0: nothing that asks for more holds", "  0：没有要求更高分级的事实")]),
        pick("duties:", "义务："),
        *[
            f"  {_state(duty['state'])} {duty['moment']}: {duty['words' + zh]}"
            + (f" ({duty['why' + zh]})" if duty["why" + zh] else "")
            for duty in view["duties"]
        ],
    ]
    lines += [
        pick("tools: ", "工具：")
        + (", ".join(view["tools"]) or pick("none", "无"))
        + pick(f"; up to {view['max_criticality']}", f"；最高 {view['max_criticality']}")
    ]
    if view["maker"]:
        lines += [pick(f"made by system {view['maker']}", f"由系统 {view['maker']} 创建")]
    if view["digests"]:
        lines += [pick("digests:", "摘要："), *[f"  {digest}" for digest in view["digests"]]]
    running = [copy for copy in view["copies"] if not copy["ended"]]
    lines += [pick(f"running copies: {len(running)}", f"运行副本：{len(running)}")]
    lines += [f"  {copy['id']}  {copy['process'] or copy['endpoint']}" for copy in running]
    return lines


def family(found: dict[str, Any]) -> list[str]:
    view = found["lineage"]
    root = found["system"]
    lines = [_ref(root)]
    lines += [f"  {edge['relation']} <- {_ref(edge['system'])}" for edge in view["parents"]]
    for name, words in (
        ("ancestors", ("came from", "来源")),
        ("descendants", ("came from it", "衍生")),
        (
            "dependents",
            ("only uses it (would lose the model, would not be stopped)", "仅使用（将失去模型，但不被终止）"),
        ),
    ):
        related = view[name]
        lines += [f"{pick(*words)}: {related['count']}", *[f"  {_ref(each)}" for each in related["systems"]]]
    return lines


def _ref(ref: dict[str, Any]) -> str:
    stopped = f"  {standing(ref['state']).upper()}" if ref["state"] != "ok" else ""
    return f"{ref['name']} {ref['version']}  ({ref['kind']}, {pick('tier', '分级')} {ref['tier']}){stopped}"


def standing(state: str) -> str:
    """What stands against a system, in the reader's language."""
    english, chinese = _STANDING.get(state, (state, state))
    return pick(english, chinese)


_STANDING: Final[dict[str, tuple[str, str]]] = {
    "ok": ("ok", "正常"),
    "degraded": ("degraded", "失去模型"),
    "suspended": ("suspended", "已暂停"),
    "terminated": ("terminated", "已终止"),
    "born_dead": ("born dead", "登记即终止"),
}


def _state(state: str) -> str:
    return {
        "met": pick("met    ", "已履行"),
        "lapsed": pick("LAPSED ", "未履行"),
        "not_yet_checkable": pick("not yet checkable", "尚不可核验"),
    }.get(state, state)


Head = Sequence[tuple[str, str]]
Row = Callable[[dict[str, Any]], Sequence[str]]

_LISTS: Final[dict[str, tuple[str, Head, Row]]] = {
    "systems": (
        "/systems",
        (("NAME", "名称"), ("VERSION", "版本"), ("KIND", "类型"), ("TIER", "分级"), ("COPIES", "副本"),
         ("STATE", "状态"), ("PARTY", "责任主体")),
        lambda r: (
            r["system"]["name"],
            r["system"]["version"],
            r["system"]["kind"],
            str(r["system"]["tier"]),
            str(r["running"]),
            standing(r["system"]["state"]),
            r["party"],
        ),
    ),
    "parties": (
        "/parties",
        (("NAME", "名称"), ("ID", "标识"), ("STANDING", "核验"), ("SINCE", "登记时间")),
        lambda r: (r["name"], r["id"], r["standing"], when(r["since"])),
    ),
    "copies": (
        "/copies",
        (("SYSTEM", "系统"), ("TIER", "分级"), ("WHERE", "位置"), ("SINCE", "开始时间"), ("ENDED", "结束时间"),
         ("ID", "编号")),
        lambda r: (
            r["system"],
            str(r["tier"]),
            r["copy"]["process"] or r["copy"]["endpoint"],
            when(r["copy"]["since"]),
            when(r["copy"]["ended"]),
            r["copy"]["id"],
        ),
    ),
    "handles": (
        "/handles",
        (("RECORD", "记录"), ("BINDING", "绑定"), ("EXPIRES", "到期"), ("REVOKED", "撤销"), ("COPY", "副本")),
        lambda r: (r["rid"], r["binding"], when(r["expires"]), when(r["revoked"]), r["copy"]),
    ),
    "admins": (
        "/admins",
        (("NAME", "姓名"), ("ROLES", "角色"), ("SINCE", "登记时间"), ("ENDED", "撤回时间"), ("KEY", "密钥记录")),
        lambda r: (r["name"], ",".join(r["roles"]), when(r["since"]), when(r["ended"]), r["rid"]),
    ),
    "announcements": (
        "/announcements",
        (("NAME", "名称"), ("KIND", "类型"), ("SINCE", "时间"), ("RECORD", "记录"), ("REGISTERED", "已登记为")),
        lambda r: (
            r["announcement"]["name"],
            r["announcement"]["kind"],
            when(r["announcement"]["since"]),
            r["announcement"]["rid"],
            r["registered"] or "-",
        ),
    ),
    "orders": (
        "/stops",
        (("WHAT", "对象"), ("KIND", "类型"), ("SCOPE", "范围"), ("AT", "时间"), ("HOLDS", "生效"), ("UNTIL", "至"),
         ("RECORD", "记录")),
        lambda r: (
            r["what"] or "-",
            r["order"]["kind"],
            r["order"]["scope"],
            when(r["order"]["at"]),
            pick("yes", "是") if r["holds"] else pick("no", "否"),
            when(r["order"]["until"]),
            r["order"]["rid"],
        ),
    ),
    "reauthorisations": (
        "/reauthorisations",
        (("NEW SYSTEM", "新系统"), ("ORDER", "终止令"), ("AT", "时间"), ("RECORD", "记录")),
        lambda r: (r["id"], r["order"], when(r["at"]), r["rid"]),
    ),
}  # fmt: skip
