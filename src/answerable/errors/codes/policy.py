# SPDX-License-Identifier: Apache-2.0
"""Decisions of the kernel and of operators' policy."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "policy.refused": Entry(
        "Rule {rule} refuses this action: {why}.",
        "规则 {rule} 拒绝此行为：{why}。",
        "See `answerable policy explain {rule}`.",
        "请查看 `answerable policy explain {rule}`。",
    ),
    "policy.unknown_rule": Entry(
        "There is no rule {rule} in the kernel's policy.",
        "内核策略中没有规则 {rule}。",
        "`answerable policy explain` lists them; rules of operators are explained in their own policy.",
        "可用 `answerable policy explain` 查看全部规则；运营者的规则见其自身策略。",
        exit=3,
    ),
    "policy.folder": Entry(
        "The policy folder {folder} is refused as a whole: {detail}.",
        "策略文件夹 {folder} 整体被拒：{detail}。",
        "Mend what is named and run `answerable policy check {folder}`; what was in force before stays in force.",
        "请修正所指之处并运行 `answerable policy check {folder}`；此前生效的策略继续有效。",
    ),
    "policy.engine": Entry(
        "Policies in Cedar need a part that is not installed: the extra {extra}.",
        "Cedar 策略所需组件未安装：可选依赖 {extra}。",
        "Run pip install 'answerable[{extra}]' and try again.",
        "请运行 pip install 'answerable[{extra}]' 后重试。",
        http=503,
        exit=4,
    ),
    "policy.unloaded": Entry(
        "The operator's policy is not loaded, so nothing is permitted.",
        "运营者策略尚未加载，因此不允许任何行为。",
        "Name its folder in `[policy] folder`, and look at what the start said.",
        "请在 `[policy] folder` 中指定其文件夹，并查看启动时的提示。",
        http=503,
        exit=4,
    ),
    "policy.action": Entry(
        "This is no description of an action: {detail}.",
        "这不是对行为的描述：{detail}。",
        "`answerable policy explain --help` and docs/reference/policy.md list the members and their values.",
        "成员及其取值见 `answerable policy explain --help` 与 docs/reference/policy.md。",
        http=400,
        exit=2,
    ),
    "policy.cases": Entry(
        "The cases in {file} cannot be read: {detail}.",
        "无法读取 {file} 中的用例：{detail}。",
        "docs/reference/policy.md shows how a case is written.",
        "用例写法见 docs/reference/policy.md。",
        http=400,
        exit=2,
    ),
}
