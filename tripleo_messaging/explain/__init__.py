# SPDX-License-Identifier: Apache-2.0
"""Why a key has its value on a node: who defines it, who decides, and what that shadows.

The answers are those of the real programs, ``puppet lookup`` or ``hiera``; they are asked, and not imitated.
"""
