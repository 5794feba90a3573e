# SPDX-License-Identifier: Apache-2.0
"""Metrics, spans and logs. None of them ever holds a prompt, an answer, a handle or a token: only codes, terms, record
ids and numbers are let in, and a test with canary strings looks at all three."""
