# SPDX-License-Identifier: Apache-2.0
"""The single writer: group commit, checkpoints, the anti-fork guard, recovery, and the reading side."""
