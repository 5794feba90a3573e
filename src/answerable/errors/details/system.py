# SPDX-License-Identifier: Apache-2.0
"""What the operating system says of files (errno(3))."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "No such file or directory": "文件或目录不存在",
    "Permission denied": "权限不足",
    "Operation not permitted": "不允许该操作",
    "Is a directory": "是一个目录",
    "Not a directory": "不是目录",
    "File exists": "文件已存在",
    "No space left on device": "磁盘空间不足",
    "Disk quota exceeded": "超出磁盘配额",
    "File too large": "文件过大",
    "Read-only file system": "文件系统为只读",
    "File name too long": "文件名过长",
    "Too many levels of symbolic links": "符号链接层数过多",
    "Too many open files": "打开的文件过多",
    "Input/output error": "输入输出错误",
    "Invalid argument": "参数无效",
    "the disk is full": "磁盘已满",
}
