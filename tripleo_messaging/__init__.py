# SPDX-License-Identifier: Apache-2.0
"""Separate RPC and Notification messaging for OpenStack: plans, hieradata and passwords."""
