# SPDX-License-Identifier: Apache-2.0
# @summary The messaging service for notifications: the client's part, and the backend where this node is a member.
#
# @param enabled
#   Whether this service has a backend at all.
# @param client_packages
#   Packages that every client of this service needs.
class tripleo::profile::base::messaging::notify (
  Boolean $enabled = lookup('messaging_notify_enabled', Boolean, 'first', true),
  Array[String[1]] $client_packages = lookup('messaging_notify_client_packages', Array[String[1]], 'first', []),
) {
  if $enabled {
    tripleo_messaging::client { 'notify':
      packages => $client_packages,
    }
    contain tripleo::profile::base::messaging::backend
  }
}
