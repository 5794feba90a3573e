# SPDX-License-Identifier: Apache-2.0
"""Tools: what the registry knows of them, their pins, and their servers."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "tool.unknown": Entry(
        "{tool} is not a tool that may be called here.",
        "{tool} 不是此处可调用的工具。",
        "See `answerable tools ls`; a tool is imported, then classified by a person, before anybody can call it.",
        "请用 `answerable tools ls` 查看；工具须先导入，再经人员分类，方可调用。",
        exit=3,
    ),
    "tool.changed": Entry(
        "{tool} is not the tool that somebody stands for: its server describes it otherwise now, or not at all.",
        "{tool} 已非有人担保的工具：其服务器现在给出不同的定义，或不再列出该工具。",
        "Compare with `answerable tools show {tool}`; a person who stands for the new definition pins it again.",
        "请用 `answerable tools show {tool}` 比对；愿为新定义负责的人员可重新固定。",
        exit=5,
    ),
    "tool.envelope": Entry(
        "An argument of {tool} is outside its safe envelope: {at}.",
        "{tool} 的参数超出安全包络：{at}。",
        "Stay within the bounds that `answerable tools show {tool}` lists; what they do not name is refused.",
        "请遵守 `answerable tools show {tool}` 所列界限；未列出的参数一律拒绝。",
    ),
    "tool.name": Entry(
        "{tool} is not a name that a tool may have.",
        "{tool} 不能作为工具名称。",
        "MCP allows 1 to 128 ASCII letters, digits, dots, dashes and underscores; `answerable_` is the gate's own.",
        "MCP 允许 1 至 128 个 ASCII 字母、数字、点、连字符或下划线；`answerable_` 为网关保留。",
        http=422,
        exit=2,
    ),
    "tool.lookalike": Entry(
        "{tool} looks like {other}, another tool of the same server.",
        "{tool} 与同一服务器的工具 {other} 外形相似。",
        "Find out why the server has two; rename one at the server, or withdraw the one that is not meant.",
        "请查明该服务器为何有两个相似工具；在服务器端改名，或撤下不需要的工具。",
        http=422,
        exit=5,
    ),
    "tool.definition": Entry(
        "The server's definition of {tool} cannot be pinned: {detail}.",
        "服务器对 {tool} 的定义无法固定：{detail}。",
        "Have the server's maintainer mend it; hidden characters in a description are a known attack.",
        "请服务器维护者修正；说明文字中的隐藏字符是已知的攻击手法。",
        http=422,
        exit=2,
    ),
    "tool.many": Entry(
        "The server {server} lists more than {most} tools.",
        "服务器 {server} 列出的工具超过 {most} 个。",
        "Split it into several servers, each with the tools of one purpose.",
        "请按用途拆分为多个服务器。",
        http=422,
        exit=2,
    ),
    "tool.class": Entry(
        "That cannot be said of {tool}: {detail}.",
        "对 {tool} 的该项说明不成立：{detail}。",
        "See `answerable tools classify --help` and docs/spec/tool-registry.md.",
        "请参阅 `answerable tools classify --help` 与 docs/spec/tool-registry.md。",
        http=422,
        exit=2,
    ),
    "tool.domain": Entry(
        "{domain} is not a domain that the table of worlds knows.",
        "{domain} 不在领域表中。",
        "See `answerable policy worlds` for the domains and what each asks.",
        "请用 `answerable policy worlds` 查看各领域及其要求。",
        http=422,
        exit=2,
    ),
    "tool.floor": Entry(
        "In the domain {domain} the {member} of a tool is at least: {least}.",
        "{domain} 领域内，工具的 {member} 至少须为：{least}。",
        "Raise it: what a domain asks may be raised by the registry and never lowered.",
        "请调高该项：登记表可提高领域要求，不可降低。",
        http=422,
        exit=2,
    ),
    "tool.hint": Entry(
        "The server itself says of {tool} that it changes things; its effect is at least {effect}.",
        "服务器自称 {tool} 会产生改变；其效果至少为 {effect}。",
        "Say the effect that it has; annotations raise a class and never lower it.",
        "请如实填写效果；上游注解只能提高等级，不能降低。",
        http=422,
        exit=2,
    ),
    "tool.pointer": Entry(
        "{pointer} does not lead to an argument of this tool.",
        "{pointer} 未指向该工具的参数。",
        "Write a JSON pointer such as /amount or /points/*/x to an argument that the input schema has.",
        "请填写指向输入模式中参数的 JSON 指针，例如 /amount 或 /points/*/x。",
        http=422,
        exit=2,
    ),
    "tool.bound": Entry(
        "The bound {at} of the envelope cannot be kept to: {detail}.",
        "包络界限 {at} 无法执行：{detail}。",
        "Write plain decimals, the smaller first, or a list of texts, once for each argument.",
        "请填写普通十进制数（小者在前）或文本列表，每个参数仅一次。",
        http=422,
        exit=2,
    ),
    "tool.by": Entry(
        "{by} may not say what a tool is.",
        "{by} 无权说明工具的类别。",
        "Sign as an administrator; see `answerable admin ls`.",
        "请以管理员身份签署；参见 `answerable admin ls`。",
    ),
    "tool.attestation": Entry(
        "The attestation does not count: {detail}.",
        "该证书不被采信：{detail}。",
        "It is a DSSE envelope of an in-toto statement, signed by a key of a party that registry.attesters names.",
        "须为 in-toto 声明的 DSSE 信封，并由 registry.attesters 所列主体的密钥签署。",
        http=422,
        exit=2,
    ),
    "tool.malformed": Entry(
        "What was sent is not in its form: {detail}.",
        "提交内容格式不符：{detail}。",
        "See docs/spec for the form, or let the command line write it.",
        "格式见 docs/spec，或使用命令行生成。",
        http=422,
        exit=2,
    ),
    "tool.said": Entry(
        "That was said before: a signed statement counts once.",
        "此前已提交：签名声明仅计一次。",
        "Sign again, with a nonce of its own.",
        "请使用新的随机数重新签名。",
        http=422,
        exit=5,
    ),
    "tool.server": Entry(
        "The tool server {server} is not configured here.",
        "此处未配置工具服务器 {server}。",
        "Name one of the configuration's [servers.NAME]; `answerable doctor` lists them.",
        "请指定配置中的 [servers.NAME]；`answerable doctor` 会列出它们。",
        exit=3,
    ),
}
