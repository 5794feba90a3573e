# SPDX-License-Identifier: Apache-2.0
"""What keeps the guard from enclosing or asking: `answerable.guard`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "it ended before it began": "尚未开始即已结束",
    "another version, or nobody to ask": "版本不同，或没有可询问的对象",
    "a status that there is not": "状态码不存在",
    "no Landlock in this kernel": "此内核没有 Landlock",
    "the child is not the first of its namespace": "子进程不是其命名空间中的首个进程",
    "a new /proc cannot be mounted: {}": "无法挂载新的 /proc：{0}",
    "no table of system calls for {}": "没有 {0} 的系统调用表",
    "another copy": "另一运行副本",
    "another key": "另一密钥",
    "another audience": "另一受众",
    "without a warrant": "没有许可",
    "mount {}": "挂载 {0}",
    "syscall {}": "系统调用 {0}",
    "no cgroup of version 2 is mounted": "未挂载 cgroup v2",
}
