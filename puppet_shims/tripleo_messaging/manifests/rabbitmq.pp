# SPDX-License-Identifier: Apache-2.0
# @summary Every RabbitMQ broker that runs on this host.
#
# @param instances
#   The brokers, keyed by instance name. Empty on a host that is no member of a cluster.
# @param instance_secrets
#   Cookie and definitions of each of these brokers, keyed by instance name.
# @param manage_package
#   Whether the package is installed here; false where an image holds it already.
# @param systemd
#   Whether systemd runs the services. Without it a script of ours starts and stops them.
class tripleo_messaging::rabbitmq (
  Hash[Pattern[/\A[a-z][a-z0-9_]*\z/], Tripleo_messaging::Rabbitmq::Instance] $instances = {},
  Sensitive[Hash[String[1], Tripleo_messaging::Rabbitmq::Secrets]] $instance_secrets = Sensitive({}),
  Boolean $manage_package = true,
  Boolean $systemd = $facts['tripleo_messaging_systemd'] == true,
) {
  $packages = $instances.map |$_, $instance| { $instance['package'] }.unique
  $epmd_addresses = $instances.map |$_, $instance| {
    $instance['environment'].get('ERL_EPMD_ADDRESS', '').split(',')
  }.flatten.unique

  if $manage_package {
    package { $packages:
      ensure => present,
    }
  }

  if $systemd and !$epmd_addresses.empty {
    class { 'tripleo_messaging::rabbitmq::epmd':
      addresses => ['127.0.0.1', *$epmd_addresses].unique,
    }
    contain tripleo_messaging::rabbitmq::epmd

    $packages.each |$package| {
      Package <| title == $package |> -> Class['tripleo_messaging::rabbitmq::epmd']
    }
    Class['tripleo_messaging::rabbitmq::epmd'] -> Tripleo_messaging::Rabbitmq::Broker <| |>
  }

  $instances.each |$instance_name, $instance| {
    $secrets = $instance_secrets.unwrap[$instance_name]
    unless $secrets {
      fail("tripleo_messaging::rabbitmq::instance_secrets has no entry '${instance_name}': render and install the hieradata again")
    }

    tripleo_messaging::rabbitmq::broker { $instance_name:
      instance      => $instance,
      erlang_cookie => Sensitive($secrets['erlang_cookie']),
      definitions   => Sensitive($secrets['definitions']),
      systemd       => $systemd,
    }
  }
}
