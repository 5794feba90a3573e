# SPDX-License-Identifier: Apache-2.0
"""OpenAI's wire format, as its SDKs know it: chat completions, responses, completions and embeddings.

Members that we do not know pass through in both directions; what we change is listed in `docs/spec/label.md`.
"""
