# SPDX-License-Identifier: Apache-2.0
"""Certificates: making them, and finding what is wrong with them."""
