# SPDX-License-Identifier: Apache-2.0
"""Schemas: scalars typed, shapes checked, every problem a finding."""
