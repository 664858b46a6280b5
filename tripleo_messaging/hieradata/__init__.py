# SPDX-License-Identifier: Apache-2.0
"""Hieradata: built from a topology, written as a tree, installed on a node, looked up."""
