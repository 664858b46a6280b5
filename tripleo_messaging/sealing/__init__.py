# SPDX-License-Identifier: Apache-2.0
"""Secrets that only the holder of a private key can read: RSA keys, and tokens of hiera-eyaml."""
