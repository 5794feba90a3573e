# SPDX-License-Identifier: Apache-2.0
"""What is wrong with what an operator set up: `answerable.app`, the configuration, its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    # Settings
    "store.url: a database is copied by its own means": "store.url：数据库请用其自身的工具备份",
    "store.url: a database is restored by its own means": "store.url：数据库请用其自身的工具恢复",
    "store.url is set, and {} has a log of its own": "已设置 store.url，而 {0} 中另有一份日志",
    "{} belongs to a database: name it with store.url": "{0} 属于某个数据库：请用 store.url 指明",
    "{} lies in the store itself": "{0} 位于存储目录之内",
    "pulse.keys: {} is not <kid>:<public key>": "pulse.keys：{0} 不是 <kid>:<公钥> 的形式",
    "control.socket {} has {} bytes, a socket's path at most {}": (
        "control.socket {0} 长 {1} 字节，而套接字路径最多 {2} 字节"
    ),
    "{} is no trust domain": "{0} 不是信任域",
    "{} is no origin of a log": "{0} 不是日志来源",
    "node.control: the address of the control plane's holders' plane": "node.control：应为控制面的持有者接口地址",
    "node.clock: {} is not ntp or same-host": "node.clock：{0} 不是 ntp 或 same-host",
    "servers: tools are called at the registry's own gateway alone": "servers：工具只在登记处自身的网关上调用",
    "policy.folder: none is named": "policy.folder：未指定目录",
    "policy.folder: it takes exactly one policy that reads one, in policy.use (such as cedar)": (
        "policy.folder：policy.use 中须恰有一个读取策略目录的策略（如 cedar）"
    ),
    "relay.pins: {}: no origin, or no issuer": "relay.pins：{0}：缺少来源或签发者",
    "labels.operator: {} is not a registered party": "labels.operator：{0} 不是已登记的责任主体",
    "upstreams.{}.system: {} is not registered": "upstreams.{0}.system：{1} 未登记",
    "upstreams.{}.kind: {} is not local or openai": "upstreams.{0}.kind：{1} 不是 local 或 openai",
    "upstreams.{}: {} is not registered with {}": "upstreams.{0}：{1} 未以 {2} 登记",
    "upstreams.{}.api_key_file cannot be read": "upstreams.{0}.api_key_file 无法读取",
    "{}: a gateway node counts none; set them at the registry's own": "{0}：网关节点不计数；请在登记处自身的网关上设置",
    "budgets: money has a currency, and nothing else has one": "budgets：金额须有币种，其他计量不得有币种",
    "{}.tool: {} is not server/tool, server/* or *": "{0}.tool：{1} 不是 server/tool、server/* 或 *",
    "gateway.client_certificates: demand needs gateway.tls_certificate": (
        "gateway.client_certificates：设为 demand 时须有 gateway.tls_certificate"
    ),
    "log.witnesses: addresses without a policy file in log.policy": (
        "log.witnesses：给出了地址，但 log.policy 未指定策略文件"
    ),
    "log.policy: {}: its quorum is none": "log.policy：{0}：其法定数为 none",
    "log.policy: {}: this log cannot be its own witness": "log.policy：{0}：本日志不能作自己的见证方",
    "log.witnesses: {} is no witness of the policy file": "log.witnesses：{0} 不是策略文件中的见证方",
    "log.witnesses: addresses of a quorum are missing": "log.witnesses：缺少足以构成法定数的地址",
    "kind registry is the control plane's own, without url or command": (
        "kind 为 registry 时即控制面自身，不得有 url 或 command"
    ),
    "its name is not made of a-z, 0-9, - and _": "其名称只能由 a-z、0-9、- 与 _ 组成",
    "revision: {} is not spoken here": "revision：此处不支持 {0}",
    "command: {} is not a program here": "command：{0} 不是此处的程序",
    "kind is http with a url, stdio with a command, or registry": (
        "kind 应为 http（须有 url）、stdio（须有 command）或 registry"
    ),
    "servers.{}.system: {} is not registered": "servers.{0}.system：{1} 未登记",
    "installed {} times": "安装了 {0} 份",
    "{} has no file": "{0} 没有文件",
    "not installed": "未安装",
    # Files of a store
    "{}: not {} bytes": "{0}：不是 {1} 字节",
    "{}: not verifier keys, one a line": "{0}：应每行一个验证密钥",
    "seq cannot be read": "seq 无法读取",
    "seq is no number": "seq 不是数字",
    "the key of {} is not 32 bytes in base64url": "{0} 的密钥不是以 base64url 表示的 32 字节",
    "another process beats from this folder": "另一进程正从该目录发出脉冲",
    "an order that was kept is not read: {}": "保存的某份终止令无法读取：{0}",
    "the log's key is not the one that its newest key leaf names": "日志的密钥与其最新密钥叶子所记的不符",
    "the log's former key has no leaf": "日志的前一密钥没有对应的叶子",
    "the log's key has no leaf": "日志的密钥没有对应的叶子",
    "what was built is not what was signed": "重建所得与已签名的内容不符",
    "its leaves are not those of its head": "其叶子与其头部不符",
    "leaf {}: {}": "叶子 {0}：{1}",
    "row {}{}": "数据行 {0}{1}",
    "rows: {}": "数据行：{0}",
    "{} is no root log's store": "{0} 不是根日志的存储",
    "{} is no gateway node's store": "{0} 不是网关节点的存储",
    "the registry changes too fast": "登记内容变化过快",
    # Gateway nodes
    "it is too slow": "应答过慢",
    "its keys": "其密钥",
    "it is for {} of {}": "它属于 {1} 的 {0}",
    "{} leaves after {}": "此前有 {1} 条叶子，现只有 {0} 条",
    "an error that this version does not know": "本版本不识别的错误",
    "an answer to another question": "答非所问",
    "leaves in another form": "叶子的形式不同",
    "leaves that do not follow: {}": "叶子不连续：{0}",
    "a copy was registered and is not shown": "已登记的某运行副本未列出",
    "--party: a record id, as `answerable party ls` shows it": "--party：应为 `answerable party ls` 所示的记录编号",
    # Signing and asking
    "no report": "没有报告",
    "a key that is none": "其中的密钥不是密钥",
    "{}: neither an order nor a release": "{0}：既不是终止令，也不是解除令",
    "only an order has a message": "只有终止令才有消息",
    "what answers speaks no JSON": "应答方返回的不是 JSON",
    "{} is no http or https URL": "{0} 不是 http 或 https URL",
    "{} was not asked: {}": "未能请求 {0}：{1}",
    "the metric {} is there already": "指标 {0} 已存在",
    # A registry that was put back from the past
    "node {}": "节点 {0}",
    "log {}": "日志 {0}",
    "pulse": "脉冲",
    "administrator": "管理员",
    "was not heard": "尚未收到消息",
    "knows change {}": "已知变更 {0}",
    "speaks of change {}": "提到变更 {0}",
    "shows what is not here ({})": "其中有此处没有的内容（{0}）",
}
