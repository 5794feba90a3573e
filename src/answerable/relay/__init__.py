# SPDX-License-Identifier: Apache-2.0
"""The relay: tells holders of warrants about orders and pulses as they come (`docs/spec/relay.md`).

Push only adds speed. No bound depends on what happens here: a holder that hears nothing ends with its warrant.
"""
