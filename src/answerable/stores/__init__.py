# SPDX-License-Identifier: Apache-2.0
"""Where the sequencer keeps things: adapters of `ports.Store`. `sqlite` is the default, `memory` forgets."""
