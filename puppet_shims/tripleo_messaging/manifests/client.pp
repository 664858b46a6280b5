# SPDX-License-Identifier: Apache-2.0
# @summary What a host needs to be a client of one messaging service.
#
# @param packages
#   Packages that hold the driver. One that the catalog has already is left as it is there.
define tripleo_messaging::client (
  Array[String[1]] $packages,
) {
  $packages.each |$package| {
    unless defined(Package[$package]) {
      package { $package:
        ensure => present,
      }
    }
  }
}
