# SPDX-License-Identifier: Apache-2.0
"""Stop orders: who may give one, what it reaches, by when it holds. Nothing is ever un-stopped."""
