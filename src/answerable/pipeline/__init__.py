# SPDX-License-Identifier: Apache-2.0
"""The path of one action. Read `carry` first; everything else in the project hangs on its seven steps."""
