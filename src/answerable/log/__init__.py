# SPDX-License-Identifier: Apache-2.0
"""The transparency log's formats: leaves, commitments, Merkle tree, checkpoints, statements and receipts. Pure."""
