# SPDX-License-Identifier: Apache-2.0
# @summary What a host needs to be a client of one messaging service.
#
# @param packages
#   Packages that hold the driver. One that the catalog has already is left as it is there.
# @param ca_file
#   Where the certificates of the authorities are that verify the broker.
# @param ca_certificates
#   These certificates in PEM. Without them something else puts the file there; its directory always.
define tripleo_messaging::client (
  Array[String[1]] $packages,
  Optional[Tripleo_messaging::Certificate_path] $ca_file = undef,
  Optional[Pattern[/CERTIFICATE/]] $ca_certificates = undef,
) {
  include tripleo_messaging::stock

  $packages.each |$package| {
    unless defined(Package[$package]) {
      package { $package:
        ensure => present,
      }
    }
  }

  if $ca_file and $ca_certificates {
    unless defined(File[$ca_file]) {
      file { $ca_file:
        owner   => 'root',
        group   => 'root',
        mode    => '0644',
        content => $ca_certificates,
      }
    }
    # Both services may have one file, and then they have one content.
    unless File[$ca_file]['content'] == $ca_certificates {
      $way_out = 'leave ca_certificates out of the plan, and the file is left to what declares it'
      fail("${ca_file} is to hold the certificates of ${name}, and the catalog has the file with other content (${way_out})")
    }
  }
}
