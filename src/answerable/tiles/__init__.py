# SPDX-License-Identifier: Apache-2.0
"""The log as static resources (`docs/spec/tiles.md`): served, published, mirrored, watched, and joined into a root log.

Whatever stands here reads what anyone may read: leaves, hashes and checkpoints. No payload, no secret key.
"""
