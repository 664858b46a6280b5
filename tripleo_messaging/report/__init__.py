# SPDX-License-Identifier: Apache-2.0
"""What a node tells about its messaging: the Facter fact ``tripleo_messaging``."""
