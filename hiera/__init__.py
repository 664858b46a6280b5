# SPDX-License-Identifier: Apache-2.0
"""Examples of hiera.yaml and default data; installed as `tripleo_messaging.hiera`."""
