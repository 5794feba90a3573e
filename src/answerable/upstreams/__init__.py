# SPDX-License-Identifier: Apache-2.0
"""Model servers behind the `Upstream` port: the local model in a child process, and any OpenAI-compatible URL."""
