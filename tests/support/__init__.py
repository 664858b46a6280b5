# SPDX-License-Identifier: Apache-2.0
"""What the tests share: fakes of our protocols, strategies, and the programs they start."""
