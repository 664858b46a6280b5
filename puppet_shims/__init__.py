# SPDX-License-Identifier: Apache-2.0
"""The Puppet module and the thin classes, as a modulepath; installed as `tripleo_messaging.puppet_shims`."""
