# SPDX-License-Identifier: Apache-2.0
# @summary Keeps the port mapper that systemd starts for Erlang to the brokers' addresses.
#
# Without this the distribution's epmd.socket listens on every address of the host. Where the
# distribution has no such unit, the brokers start the port mapper, by ERL_EPMD_ADDRESS.
#
# @param addresses
#   The brokers' IP addresses, IPv6 without brackets. Nodes and tools ask on the loopback of their own protocol.
class tripleo_messaging::rabbitmq::epmd (
  Array[String[1], 1] $addresses,
) {
  $loopback = $addresses.any |$address| { $address =~ /:/ } ? {
    true    => ['127.0.0.1', '::1'],
    default => ['127.0.0.1'],
  }
  $listeners = ($loopback + $addresses).unique.map |$address| {
    $address ? {
      /:/     => "[${address}]:4369",
      default => "${address}:4369",
    }
  }

  file {
    default:
      owner => 'root',
      group => 'root',
      mode  => '0644',
    ;
    '/etc/systemd/system/epmd.socket.d':
      ensure => directory,
      mode   => '0755',
    ;
    '/etc/systemd/system/epmd.socket.d/tripleo_messaging.conf':
      content => epp('tripleo_messaging/rabbitmq/epmd.epp', { 'listeners' => $listeners }),
    ;
  }
  ~> exec { 'restart the port mapper of Erlang':
    command     => 'systemctl daemon-reload && systemctl stop epmd.socket epmd.service && systemctl start epmd.socket',
    onlyif      => 'systemctl cat epmd.socket',
    path        => ['/usr/bin', '/bin'],
    provider    => shell,
    refreshonly => true,
  }
}
