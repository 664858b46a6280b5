# SPDX-License-Identifier: Apache-2.0
# @summary The transport URL of one OpenStack service, set over the one that its own class was given.
#
# Where the catalog has no such setting, as on a host without that service, nothing is set.
#
# @param service
#   The OpenStack service.
# @param messaging_service
#   Whose URL this is.
# @param url
#   The whole URL. The setting becomes sensitive by it, so neither log nor report shows a value.
define tripleo_messaging::stock::url (
  Tripleo_messaging::Stock_service $service,
  Enum['rpc', 'notify'] $messaging_service,
  Sensitive[String[1]] $url,
) {
  $type = $service ? {
    'glance' => 'glance_api_config',
    'swift'  => 'swift_proxy_config',
    default  => "${service}_config",
  }

  $setting = [$service, $messaging_service] ? {
    ['swift', 'notify'] => 'filter:ceilometer/url',
    [Any, 'notify']     => 'oslo_messaging_notifications/transport_url',
    default             => 'DEFAULT/transport_url',
  }

  # Paste, which reads Swift's file, takes a single % for the start of an interpolation.
  $value = $service ? {
    'swift' => Sensitive($url.unwrap.regsubst('%', '%%', 'G')),
    default => $url,
  }

  # A host of one service may lack the modules of the others, and then it has none of their settings.
  if defined($type) {
    case $type {
      'aodh_config': { Aodh_config <| title == $setting |> { value => $value } }
      'barbican_config': { Barbican_config <| title == $setting |> { value => $value } }
      'ceilometer_config': { Ceilometer_config <| title == $setting |> { value => $value } }
      'cinder_config': { Cinder_config <| title == $setting |> { value => $value } }
      'congress_config': { Congress_config <| title == $setting |> { value => $value } }
      'designate_config': { Designate_config <| title == $setting |> { value => $value } }
      'glance_api_config': { Glance_api_config <| title == $setting |> { value => $value } }
      'heat_config': { Heat_config <| title == $setting |> { value => $value } }
      'ironic_config': { Ironic_config <| title == $setting |> { value => $value } }
      'keystone_config': { Keystone_config <| title == $setting |> { value => $value } }
      'manila_config': { Manila_config <| title == $setting |> { value => $value } }
      'mistral_config': { Mistral_config <| title == $setting |> { value => $value } }
      'neutron_config': { Neutron_config <| title == $setting |> { value => $value } }
      'nova_config': { Nova_config <| title == $setting |> { value => $value } }
      'novajoin_config': { Novajoin_config <| title == $setting |> { value => $value } }
      'octavia_config': { Octavia_config <| title == $setting |> { value => $value } }
      'sahara_config': { Sahara_config <| title == $setting |> { value => $value } }
      'swift_proxy_config': { Swift_proxy_config <| title == $setting |> { value => $value } }
      'tacker_config': { Tacker_config <| title == $setting |> { value => $value } }
      default: { fail("tripleo_messaging::stock::url knows no settings of the type ${type}") }
    }
  }
}
