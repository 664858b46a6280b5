# SPDX-License-Identifier: Apache-2.0
"""The values that every room speaks in."""
