# SPDX-License-Identifier: Apache-2.0
"""Plans: read, checked, and resolved on the hosts of an inventory."""
