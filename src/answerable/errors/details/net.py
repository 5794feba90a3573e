# SPDX-License-Identifier: Apache-2.0
"""What is wrong with an address, a connection or a stream: `answerable.net`, `answerable.buses`, `answerable.relay`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "the path is in use": "该路径正在使用",
    "bind failed": "绑定失败",
    "others can reach the directory": "其他用户可进入该目录",
    "{} is no host name": "{0} 不是主机名",
    "{}: no certificates": "{0}：没有证书",
    "gateway.tls_certificate, gateway.tls_key: cannot be used": "gateway.tls_certificate、gateway.tls_key：无法使用",
    "gateway.client_ca_file: cannot be used": "gateway.client_ca_file：无法使用",
    "no stream of events": "不是事件流",
    "since is not the number of a change": "since 不是变更序号",
    # HTTP
    "malformed HTTP": "HTTP 格式有误",
    "bytes after the answer": "应答之后还有字节",
    "an endless head": "应答头过长",
    "a header that must stand once stands twice": "只应出现一次的头部字段出现了两次",
    "an upgrade nobody asked for": "未曾请求的协议升级",
    "an encoding nobody asked for": "未曾请求的编码",
    "a second answer": "多余的应答",
    "a version that we do not speak": "不支持的版本",
    "more headers than anyone needs": "头部字段过多",
    "more requests at once than anyone needs": "同时请求过多",
    "a coding that we do not speak": "不支持的传输编码",
    "a header value holds what must not stand in one": "头部字段的值含有不允许的字符",
    # Sources
    "{}: not whole after {} s": "{0}：{1} 秒后仍不完整",
    "{}: encoded as {}": "{0}：编码为 {1}",
    "an address of another kind": "地址的类型不符",
    "without a host, or with user, query or fragment": "没有主机，或含有用户名、查询或片段",
    "with characters that no address has": "含有地址中不允许的字符",
    # Buses
    "it holds a password: name a file instead": "其中含有密码：请改为指定文件",
    "another machine is reached by tls:// alone": "只能以 tls:// 连接另一台机器",
    "of no kind that is known": "类型未知",
    "relay.bus_secret_file cannot be read": "relay.bus_secret_file 无法读取",
    "relay.bus_ca_file cannot be read": "relay.bus_ca_file 无法读取",
}
