# SPDX-License-Identifier: Apache-2.0
"""Who answers, for what, since when: parties, systems, lineage, tiers and duties, copies.

Everything here is pure. A plan function takes the `Directory`, a request and the time, and returns a `Planned` unit of
work or raises; the sequencer writes it. `book.Book` is the directory: what stands after the newest commit.
"""
