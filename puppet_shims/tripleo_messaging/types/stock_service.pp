# SPDX-License-Identifier: Apache-2.0
# @summary An OpenStack service whose transport URLs stock puppet-tripleo sets.
type Tripleo_messaging::Stock_service = Enum[
  'aodh', 'barbican', 'ceilometer', 'cinder', 'congress', 'designate', 'glance', 'heat', 'ironic', 'keystone',
  'manila', 'mistral', 'neutron', 'nova', 'novajoin', 'octavia', 'sahara', 'swift', 'tacker'
]
