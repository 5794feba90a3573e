# SPDX-License-Identifier: Apache-2.0
"""By when a stop holds, said with what each figure is made of (`docs/spec/warrant.md`, "The bound")."""

from __future__ import annotations

from typing import Any

from answerable.admission.bound import ANYWHERE, SAME_HOST, bound_of
from answerable.admission.ttl import CLASSES
from answerable.cli.talk import pick, when


def promised() -> dict[str, Any]:
    """The bound of every class, whoever is in it, in the members of the service's preview."""
    bounds = []
    for row in CLASSES:
        here, far = bound_of(row), bound_of(row, ANYWHERE)
        bounds.append(
            {
                "name": row.name,
                "name_zh": row.zh,
                "life": here.ttl,
                "synced": here.synced,
                "monotonic": here.monotonic,
                "admission": here.admission,
                "effects": here.effects,
                "elsewhere": far.admission,
                "elsewhere_effects": far.effects,
            }
        )
    terms = {
        "view": SAME_HOST.view_ms,
        "error": SAME_HOST.holder_error_ms,
        "error_elsewhere": ANYWHERE.holder_error_ms,
        "drift_ppm": SAME_HOST.drift_ppm,
        "recheck": SAME_HOST.recheck_ms,
        "settle": SAME_HOST.settle_ms,
    }
    return {"bounds": bounds, "terms": terms}


def promise_lines(told: dict[str, Any]) -> list[str]:
    """told: of `promised`."""
    lines = [
        pick(
            "By when a stop holds, whomever it reaches, by the class of who acts. `answerable stop SYSTEM --dry-run` "
            "says whom an order reaches, with pulse and envelopes.",
            "终止令最迟何时生效，按行为者的类别。`answerable stop 系统 --dry-run` 显示命令涉及的对象、脉冲与信封。",
        )
    ]
    for held in told["bounds"]:
        lines += _of_class(held, told["terms"])
    return [*lines, _terms(told["terms"])]


def bound_lines(seen: dict[str, Any]) -> list[str]:
    """seen: the service's preview. One line for the whole, then for each class its bound and its sum, then for each
    live envelope, then what all of them stand on."""
    terms = seen["terms"]
    whole = seen["bound"] / 1000
    lines = [
        pick(
            f"No action of theirs is admitted later than {whole:g} s after the order is committed.",
            f"命令提交后最迟 {whole:g} 秒，不再放行其任何行为。",
        )
    ]
    for held in seen["bounds"]:
        lines += _of_class(held, terms)
    lines += [_of_site(site) for site in seen["sites"]]
    if terms["pulse"]:
        lines.append(
            pick(
                f"  pulse: valid_for {s(terms['pulse'])}: cut off from pulses, this gateway admits nothing after that, "
                "whatever the registry signs",
                f"  脉冲：valid_for {s(terms['pulse'])}：收不到脉冲时，无论登记处签发什么，本网关届时不再放行",
            )
        )
    return [*lines, _terms(terms)]


def _terms(terms: dict[str, Any]) -> str:
    return pick(
        f"  D = {s(terms['view'])} (how late the issuer may know), rho = {terms['drift_ppm']} ppm, "
        f"delta = {s(terms['recheck'])} (between two checks), "
        f"S = {s(terms['settle'])} (a machine's own comes on top)",
        f"  D = {s(terms['view'])}（签发者得知的最大延迟），rho = {terms['drift_ppm']} ppm，"
        f"delta = {s(terms['recheck'])}（两次检查的间隔），S = {s(terms['settle'])}（机器自身的停止时间另计）",
    )


def _of_class(held: dict[str, Any], terms: dict[str, Any]) -> list[str]:
    """Two lines: the bound of one class, and the sums that it is the greater of."""
    here, far = terms["error"], terms["error_elsewhere"]
    view, life = s(terms["view"]), s(held["life"])
    name = pick(held["name"], held["name_zh"])
    count = (
        pick(
            f"{held['systems']} systems, {held['copies']} copies, ",
            f"{held['systems']} 个系统，{held['copies']} 个副本，",
        )
        if "systems" in held
        else ""
    )
    return [
        pick(
            f"  {name}: {count}<= {s(held['admission'])} on this host, <= {s(held['elsewhere'])} on others; "
            f"last effect {s(held['effects'])}, {s(held['elsewhere_effects'])}",
            f"  {name}：{count}本机 <= {s(held['admission'])}，"
            f"其他主机 <= {s(held['elsewhere'])}；最后效果 {s(held['effects'])}、{s(held['elsewhere_effects'])}",
        ),
        f"      D + TTL + e + e = {view} + {life} + {s(here)} + {s(here)} = {s(held['synced'])} "
        + pick(f"(others: e = {s(far)})", f"（其他主机：e = {s(far)}）")
        + f"; D + TTL/(1 - rho) = {s(held['monotonic'])}",
    ]


def _of_site(site: dict[str, Any]) -> str:
    return pick(
        f"  on-site issuer {site['site']} ({site['system']}): its envelope ends at {when(site['expires'])}; where no "
        f"word of the order reaches it, <= {s(site['admission'])}",
        f"  现场签发者 {site['site']}（{site['system']}）：信封于 {when(site['expires'])} 结束；若命令无法送达，"
        f"<= {s(site['admission'])}",
    )


def s(ms: int) -> str:
    """Milliseconds as seconds, exactly."""
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + " s"
