# SPDX-License-Identifier: Apache-2.0
"""The edge that speaks OpenAI's HTTP API. It reads, it writes, it bounds; it decides nothing: `pipeline.carry` does."""
