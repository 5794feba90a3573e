# SPDX-License-Identifier: Apache-2.0
"""Configuration that is no start."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "config.missing": Entry(
        "The configuration file {file} cannot be read.",
        "无法读取配置文件 {file}。",
        "Name an existing file, or leave --config out to run on defaults.",
        "请指定存在的文件，或省略 --config 以使用默认值。",
        exit=2,
    ),
    "config.syntax": Entry(
        "The configuration file {file} is not TOML: {detail}.",
        "配置文件 {file} 不是有效的 TOML：{detail}。",
        "Mend the line that is named.",
        "请修正所指出的行。",
        exit=2,
    ),
    "config.unknown": Entry(
        "The configuration has a setting that does not exist: {detail}.",
        "配置中含有不存在的设置项：{detail}。",
        "See `answerable config show` for the settings; a misspelt one is never ignored.",
        "请用 `answerable config show` 查看设置项；拼写错误的设置项不会被忽略。",
        exit=2,
    ),
    "config.value": Entry(
        "A setting has a value that it cannot have: {detail}.",
        "某项设置的值无效：{detail}。",
        "See docs/reference/settings.md for what it takes.",
        "请参阅 docs/reference/settings.md 中的允许取值。",
        exit=2,
    ),
    "config.unsafe_bind": Entry(
        "The gateway would listen on {host}, beyond loopback, without TLS.",
        "网关将在回环地址之外的 {host} 上以无 TLS 方式监听。",
        "Give gateway.tls_certificate and gateway.tls_key, or --unsafe-bind if something in front does TLS.",
        "请设置 gateway.tls_certificate 与 gateway.tls_key；若前端已提供 TLS，可使用 --unsafe-bind。",
        exit=2,
    ),
    "config.plugin": Entry(
        "The plugin {name} of {port} cannot be loaded: {detail}.",
        "无法加载 {port} 的插件 {name}：{detail}。",
        "Install it, or take its name out of the configuration.",
        "请安装该插件，或从配置中移除其名称。",
        exit=2,
    ),
}
