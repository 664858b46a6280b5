# SPDX-License-Identifier: Apache-2.0
# @summary The messaging service for remote procedure calls: the client's part, and the backend where this node is a member.
#
# @param enabled
#   Whether this service has a backend at all.
# @param client_packages
#   Packages that every client of this service needs.
class tripleo::profile::base::messaging::rpc (
  Boolean $enabled = lookup('messaging_rpc_enabled', Boolean, 'first', true),
  Array[String[1]] $client_packages = lookup('messaging_rpc_client_packages', Array[String[1]], 'first', []),
) {
  if $enabled {
    tripleo_messaging::client { 'rpc':
      packages => $client_packages,
    }
    contain tripleo::profile::base::messaging::backend
  }
}
