# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a store, or keeps it from its work: `answerable.stores`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "a row that could not have been written": "有不可能由本系统写入的数据行",
    "the log carries a record of payloads for the place {} that does not open": "日志为位置 {0} 所载的内容记录无法打开",
    "{} records of payloads that the log carries": "日志所载的 {0} 条内容记录",
    "payloads of the batch at {}": "起始于 {0} 的批次的内容",
    "places of the batch at {}": "起始于 {0} 的批次的位置",
    "effects of a batch": "某批次的结果",
    "names of payloads, or another payload key": "内容的名称有误，或内容密钥不同",
    "payload {} of {}": "{1} 的内容 {0}",
    "a payload key has 32 bytes": "内容密钥应为 32 字节",
    "the key of a payload is missing": "缺少某项内容的密钥",
    "payload keys: {}": "内容密钥：{0}",
    "no head": "没有头部",
    "segment {}": "段 {0}",
    "no segment at {}": "{0} 处没有段",
    "reopen it first": "请先重新打开",
    # PostgreSQL
    "store.url: not a URL": "store.url：不是 URL",
    "store.url: it does not begin with postgresql://": "store.url：不以 postgresql:// 开头",
    "store.url holds a password: name a file with store.password_file": (
        "store.url 中含有密码：请用 store.password_file 指定文件"
    ),
    "{} is set: name a file with store.password_file": "已设置 {0}：请用 store.password_file 指定文件",
    "a service file says more than is checked here: name all in store.url": (
        "服务文件的内容超出此处所能检查的范围：请全部写在 store.url 中"
    ),
    "store.schema: lower-case letters, digits and _, 41 at most": "store.schema：由小写字母、数字与 _ 组成，最多 41 个",
    "store.url is of another machine: add sslmode=verify-full": "store.url 指向另一台机器：请加上 sslmode=verify-full",
    "store.password_file: not UTF-8": "store.password_file：不是 UTF-8",
    "store.password_file: not one line": "store.password_file：不是单独一行",
    "no right to make a schema": "没有创建 schema 的权限",
    "{} is off": "{0} 已关闭",
    "{} is on": "{0} 已开启",
    "it is a standby": "它是备用服务器",
    "version {} is older than {}": "版本 {0} 低于 {1}",
    "no connection": "没有连接",
    "the server warned: perhaps no standby has it": "服务器发出警告：可能没有任何备用服务器持有此数据",
}
