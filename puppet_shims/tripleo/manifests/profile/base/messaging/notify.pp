# SPDX-License-Identifier: Apache-2.0
# @summary The messaging service for notifications: the client's part, and the backend where this node is a member.
#
# @param enabled
#   Whether this service has a backend at all.
# @param client_packages
#   Packages that every client of this service needs.
# @param ca_file
#   Where the certificates of the authorities are that verify the broker.
# @param ca_certificates
#   These certificates in PEM, where they are put there by this class.
class tripleo::profile::base::messaging::notify (
  Boolean $enabled = lookup('messaging_notify_enabled', Boolean, 'first', true),
  Array[String[1]] $client_packages = lookup('messaging_notify_client_packages', Array[String[1]], 'first', []),
  Optional[String[1]] $ca_file = lookup('messaging_notify_ssl_ca_file', Optional[String[1]], 'first', undef),
  Optional[String[1]] $ca_certificates = lookup('messaging_notify_ssl_ca_certificates', Optional[String[1]], 'first', undef),
) {
  if $enabled {
    tripleo_messaging::client { 'notify':
      packages        => $client_packages,
      ca_file         => $ca_file,
      ca_certificates => $ca_certificates,
    }
    contain tripleo::profile::base::messaging::backend
  }
}
