# SPDX-License-Identifier: Apache-2.0
# @summary Whole transport URLs for services that stock puppet-tripleo configures in the same catalog.
#
# By itself it places nothing on the host, so it can stand in a catalog that writes one service's configuration.
#
# @param rpc_services
#   The OpenStack services that get RPC's URL.
# @param rpc_url
#   RPC's URL. Plain where the hierarchy has no lookup_options, as in version 3.
# @param notify_services
#   The OpenStack services that get the URL for notifications.
# @param notify_url
#   The URL for notifications. Plain where the hierarchy has no lookup_options, as in version 3.
class tripleo_messaging::stock (
  Array[Tripleo_messaging::Stock_service] $rpc_services = lookup('messaging_rpc_overridden_services', Array[String[1]], 'first', []),
  Optional[Variant[Sensitive[String[1]], String[1]]] $rpc_url = lookup('messaging_rpc_transport_url', { 'default_value' => undef }),
  Array[Tripleo_messaging::Stock_service] $notify_services = lookup('messaging_notify_overridden_services', Array[String[1]], 'first', []),
  Optional[Variant[Sensitive[String[1]], String[1]]] $notify_url = lookup('messaging_notify_transport_url', { 'default_value' => undef }),
) {
  $overrides = {
    'rpc'    => [$rpc_services, $rpc_url],
    'notify' => [$notify_services, $notify_url],
  }

  $overrides.each |$messaging_service, $override| {
    [$services, $url] = $override

    unless $services.empty or $url {
      fail("messaging_${messaging_service}_transport_url is not in the hieradata: render and install it again")
    }

    $services.each |$service| {
      tripleo_messaging::stock::url { "${messaging_service} of ${service}":
        service           => $service,
        messaging_service => $messaging_service,
        url               => Sensitive($url),
      }
    }
  }
}
