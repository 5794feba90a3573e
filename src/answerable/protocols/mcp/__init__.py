# SPDX-License-Identifier: Apache-2.0
"""The Model Context Protocol as a server speaks it over HTTP, revisions 2025-11-25 and 2026-07-28: tools alone
(`docs/spec/mcp.md`). Sans-io; `gateway.mcp` moves the bytes."""
