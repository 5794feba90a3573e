# SPDX-License-Identifier: Apache-2.0
"""What people said and were told: how long it is kept, who may read it, what is erased, what must not be. Pure plans
over signed statements; a system or a copy can do none of it."""
