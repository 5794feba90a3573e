# SPDX-License-Identifier: Apache-2.0
"""The control plane's API: what people with keys and roles ask of registry, log and stop, over a Unix socket."""
