# SPDX-License-Identifier: Apache-2.0
"""One command each, beside a peer, printing a table of ratios."""
