# SPDX-License-Identifier: Apache-2.0
"""What is wrong with what a person typed, or with what came back for it: `answerable.cli`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    # Flags
    "one of --party, --principal, --principal-file": "须给出 --party、--principal、--principal-file 之一",
    "one of SOURCE, --party": "须给出 SOURCE、--party 之一",
    "one of RECORD_ID, --party, --system": "须给出 RECORD_ID、--party、--system 之一",
    "--area and --max-speed, and --person NAME=KEY": "须给出 --area 与 --max-speed，以及 --person 姓名=密钥",
    "{} is no duration such as 500ms, 10s, 5m, 1h or 30d": "{0} 不是时长，应如 500ms、10s、5m、1h 或 30d",
    "{} is not a time such as 30m, 8h or 30d": "{0} 不是时间，应如 30m、8h 或 30d",
    "--grace is 0 to {} seconds": "--grace 应为 0 至 {0} 秒",
    "--signal: there is no {}": "--signal：没有 {0} 信号",
    "{} is the guard's own user": "{0} 是守护程序自身的用户",
    "HOLD is missing": "缺少 HOLD",
    "--arguments is missing": "缺少 --arguments",
    "--reason is missing": "缺少 --reason",
    "--max-speed is missing": "缺少 --max-speed",
    "--roots is missing: there is no roster yet": "缺少 --roots：尚无名册",
    "ORDER or --from is missing": "缺少 ORDER 或 --from",
    "SYSTEM or --from is missing": "缺少 SYSTEM 或 --from",
    "ORDER and --digest, or --from, are missing": "缺少 ORDER 与 --digest，或 --from",
    "SYSTEM, --role, --old and --new, or --from, are missing": "缺少 SYSTEM、--role、--old 与 --new，或 --from",
    "--aware is no time with an offset, as 2026-11-22T08:00:00+01:00": (
        "--aware 应为带时区偏移的时间，如 2026-11-22T08:00:00+01:00"
    ),
    "no --party, and labels.operator names none": "未给出 --party，labels.operator 也未指定",
    "--{} is of words, and --explicit none has none": "--{0} 针对文字，而 --explicit none 没有文字",
    "{} is no layer; there are {}": "没有 {0} 这一层；可用：{1}",
    "-o names one file; --out-dir takes several": "-o 指定单个文件；多个文件请用 --out-dir",
    "--key, --c2pa and --system-version are for --provider: the service has its own": (
        "--key、--c2pa 与 --system-version 只与 --provider 合用：服务使用自己的设置"
    ),
    "label check needs a file; a file of the name check is ./check": (
        "`label check` 须指定文件；若文件名就叫 check，请写作 ./check"
    ),
    "label check needs --rules cn, eu or ca": "`label check` 须指定 --rules cn、eu 或 ca",
    "--jobs is 1 or more": "--jobs 应不小于 1",
    "--report takes a name that ends in .html, .md or .txt": "--report 的文件名须以 .html、.md 或 .txt 结尾",
    "--{} is for labelling, not for label check": "--{0} 用于添加标识，不用于 `label check`",
    "--{} is for answerable label check": "--{0} 用于 `answerable label check`",
    "{} is no zone: X0,X1,Y0,Y1 in mm": "{0} 不是区域：应为 X0,X1,Y0,Y1，单位毫米",
    "{} ends before it begins": "{0} 的终点在起点之前",
    "a machine is ADDRESS#KEY, as `answerable device settings` prints it": (
        "机器应写作 地址#密钥，即 `answerable device settings` 的输出"
    ),
    "0.1 <= --every < --valid-for <= {}": "须满足：0.1 <= --every < --valid-for <= {0}",
    "--listen is not HOST:PORT": "--listen 不是 主机:端口",
    "neither --to nor --listen: nobody would hear it": "--to 与 --listen 均未给出：无人能收到",
    "no evaluation excuses {}": "任何评测都不豁免 {0}",
    "--minutes is not from 1 to {}": "--minutes 不在 1 至 {0} 之间",
    "--url and --model belong together": "--url 与 --model 须同时给出",
    "--{} is missing": "缺少 --{0}",
    "--tool none stands alone": "--tool none 须单独使用",
    "--owner PARTY=SHARES and --owners-need N go together": "--owner PARTY=SHARES 与 --owners-need N 须同时给出",
    "{} is not of the form {}": "{0} 不是 {1} 的形式",
    "--party PARTY:ROLE": "--party 责任主体:角色",
    "--parent SYSTEM:RELATION": "--parent 系统:关系",
    "nothing is said of {}": "未说明 {0}",
    "--pin: the first {} digits of what `tools show` lists": "--pin：应为 `tools show` 所列摘要的前 {0} 位",
    "{} is no class": "{0} 不是工具类别",
    "{} can be disclosed, by comma": "可披露 {0}，以逗号分隔",
    "--format, --disclose and --grant are about --receipt": "--format、--disclose 与 --grant 须与 --receipt 合用",
    "a COSE receipt discloses nothing": "COSE 回执不披露任何内容",
    "a rule, a record id, a file, or member=value …": "应为规则、记录编号、文件，或 字段=值 …",
    "standard input is one file, not two": "标准输入只能当作一个文件，不能当作两个",
    "1 <= --need <= --keys <= {}": "须满足：1 <= --need <= --keys <= {0}",
    # Keys and people
    "a name that cannot be a file's": "该名称不能用作文件名",
    "{}.key exists already": "{0}.key 已存在",
    "none with the role {} in this store's folder": "本存储目录中没有角色为 {0} 的密钥",
    "several could sign: {}": "有多人可签名：{0}",
    "neither --registrar nor --key is given": "--registrar 与 --key 均未给出",
    "both parties must sign": "双方责任主体都必须签名",
    "several people are called {}: name one by its party id": "有多人名为 {0}：请用主体编号指明",
    "no certificate in the PEM file": "PEM 文件中没有证书",
    "the request is for {}": "该申请是给 {0} 的",
    "it is there already": "已经存在",
    # What came back
    "cannot be made": "无法创建",
    "it cannot be started": "无法启动",
    "the drill came to no report": "演练未产生报告",
    "there are none": "一个也没有",
    "{} is not a JSON object": "{0} 不是 JSON 对象",
    "{} is the root log {}": "{0} 是根日志 {1}",
    "legal hold": "法律保全",
    "the service proved another record": "服务所证明的是另一条记录",
    "its label": "其标识",
    "its watermark is of another record": "其水印属于另一条记录",
    "the record is of another file": "该记录属于另一文件",
}
