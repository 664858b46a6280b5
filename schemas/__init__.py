# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas (2020-12), one for each kind of document; installed as `tripleo_messaging.schemas`."""
