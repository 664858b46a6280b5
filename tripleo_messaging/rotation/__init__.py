# SPDX-License-Identifier: Apache-2.0
"""Replacing the accounts of clients while they work: every phase is a state in the store, and a rendering."""
