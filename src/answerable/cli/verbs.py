# SPDX-License-Identifier: Apache-2.0
"""The verbs: which module does each, and one line about it in both languages. Importing this loads none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Verb:
    """module: under `answerable.cli`, with `add(parser)`, which also names the function to run."""

    name: str
    module: str
    english: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Group:
    english: str
    chinese: str
    verbs: tuple[Verb, ...]


GROUPS: Final[tuple[Group, ...]] = (
    Group(
        "run",
        "运行",
        (
            Verb(
                "demo",
                "running",
                "a small honest fleet with a real local model, to try things on",
                "用本地真实模型运行演示",
            ),
            Verb(
                "init",
                "running",
                "make a store, its keys and its first two officers",
                "创建存储、密钥与首批两名责任官员",
            ),
            Verb("serve", "running", "run gateway and control plane over a store", "在存储上运行网关与控制面"),
            Verb("gateway", "gateway", "run a gateway on another host, and enrol it", "在另一主机上运行网关并登记"),
            Verb("guard", "guard", "run a program under a warrant, enclosed, with one way out", "在许可下封闭运行程序"),
            Verb("relay", "relay", "carry orders and pulses to holders nearby", "将命令与心跳转送给附近的持有方"),
            Verb("doctor", "doctor", "check this machine and say what to mend", "检查本机环境并给出修复建议"),
        ),
    ),
    Group(
        "who answers",
        "谁负责",
        (
            Verb("who", "who", "who answers for a saved reply or a record", "某条回复或记录由谁负责"),
            Verb("label", "label", "label files as made by AI, in every layer", "为文件添加人工智能生成标识"),
            Verb("read", "read", "what the label of a file says, layer by layer", "逐层读取文件的标识"),
            Verb("verify", "verify", "check a receipt file, offline", "离线核验回执文件"),
            Verb("log", "log", "checkpoint, proofs and the newest records", "检查点、证明与最新记录"),
            Verb(
                "data",
                "data",
                "who may read what was said, who did, and what is held",
                "谁可读取内容、谁读过、保存了什么",
            ),
            Verb("feed", "feed", "what an authority is told, signed, page by page", "供监管机构读取的签名信息流"),
            Verb("witness", "witness", "watch other people's logs and cosign what they show", "见证他人的日志并联署"),
        ),
    ),
    Group(
        "register",
        "登记",
        (
            Verb("party", "party", "people and organisations who answer", "责任主体"),
            Verb("announce", "systems", "say that a system will be built, before it is", "在构建之前预告系统"),
            Verb("register", "systems", "register a model, agent, robot, application or digital human", "登记系统"),
            Verb("transfer", "transfer", "hand a system to another party; both sign", "将系统转让给另一主体，双方签名"),
            Verb("copy", "copy", "start, end and list running copies", "启动、结束与列出运行副本"),
            Verb("keys", "keys", "keys and certificates with which labels are signed", "用于签署标识的密钥与证书"),
            Verb("handles", "handles", "API keys for plain clients, bound and listed", "供普通客户端使用的受限句柄"),
            Verb("admin", "admin", "the people who administer, and their keys", "管理人员及其密钥"),
        ),
    ),
    Group(
        "look",
        "查看",
        (
            Verb("ls", "look", "systems, and what stands against them", "列出系统及其状态"),
            Verb("describe", "look", "one system: parties, tier and why, duties, copies", "描述一个系统"),
            Verb("lineage", "look", "what a system came from and what came from it", "系统的谱系"),
            Verb("ps", "look", "running copies", "运行副本"),
            Verb("top", "top", "who does how much, live", "实时查看各系统的活动"),
            Verb("model", "model", "the local model: its file and digest", "本地模型及其摘要"),
        ),
    ),
    Group(
        "stop",
        "终止",
        (
            Verb(
                "stop",
                "stop",
                "stop a system, its copies and all that derives from it",
                "终止系统及其全部副本与衍生系统",
            ),
            Verb("release", "stop", "two people end a suspension", "由两人解除暂停"),
            Verb(
                "officers",
                "officers",
                "who may order, root keys, and what waits for people",
                "责任官员、根密钥与待处理命令",
            ),
            Verb("pulse", "pulse", "be the second authority that holders need", "担任持有者所需的第二权威"),
            Verb(
                "reauthorise",
                "reauthorise",
                "other officers let a new system stand beside a stopped one",
                "由其他官员重新授权新系统",
            ),
            Verb("drill", "drill", "practise a stop, and see how the last ones went", "演练终止并查看结果"),
            Verb(
                "recover", "recover", "what a registry that was put back still waits for", "恢复后的登记处仍在等待什么"
            ),
            Verb("redlines", "redlines", "what must never come about, and what watches it", "红线及其检测器"),
            Verb("incidents", "incidents", "what happened, and the reports that law asks for", "事件与法定报告"),
        ),
    ),
    Group(
        "machines",
        "机器",
        (
            Verb("device", "device", "a machine that moves: see, stop, take over, lead, simulate", "会移动的机器"),
            Verb("onsite", "onsite", "sign warrants on the spot, within an envelope", "在预授权内现场签发许可"),
        ),
    ),
    Group(
        "rules",
        "规则",
        (
            Verb("tools", "tools", "tools of servers: import, classify, pin, withdraw", "工具：导入、分类、固定与撤下"),
            Verb("holds", "holds", "actions that wait for people: see, approve, reject", "等待人员审批的行为"),
            Verb("calls", "calls", "tool calls whose end nobody saw: look, settle", "结局不明的工具调用"),
            Verb("budgets", "budgets", "what may be used in a window of time, and what is left of it", "预算及其余量"),
            Verb("policy", "policy", "explain decisions; test and compare policies", "解释裁决；测试与比较策略"),
            Verb("config", "config", "settings, where each comes from, and the API's description", "设置及其来源"),
            Verb("completion", "completion", "completion for bash, zsh or fish", "命令补全脚本"),
        ),
    ),
)

VERBS: Final[dict[str, Verb]] = {verb.name: verb for group in GROUPS for verb in group.verbs}
