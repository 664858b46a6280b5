# SPDX-License-Identifier: Apache-2.0
# @summary Every RabbitMQ broker that runs on this host.
#
# @param instances
#   The brokers, keyed by instance name. Empty on a host that is no member of a cluster.
# @param instance_secrets
#   Cookie and definitions of each of these brokers, keyed by instance name.
# @param manage_package
#   Whether the package is installed here; false where an image holds it already.
# @param stop_stock_service
#   Whether the unit rabbitmq-server, which the package may have started with defaults of its own, is kept
#   stopped and disabled where no instance is run by it; false where somebody else runs a broker by it.
# @param systemd
#   Whether systemd runs the services. Without it a script of ours starts and stops them.
class tripleo_messaging::rabbitmq (
  Hash[Pattern[/\A[a-z][a-z0-9_]*\z/], Tripleo_messaging::Rabbitmq::Instance] $instances = {},
  Sensitive[Hash[String[1], Tripleo_messaging::Rabbitmq::Secrets]] $instance_secrets = Sensitive({}),
  Boolean $manage_package = true,
  Boolean $stop_stock_service = true,
  Boolean $systemd = $facts['tripleo_messaging_systemd'] == true,
) {
  $packages = $instances.map |$_, $instance| { $instance['package'] }.unique
  $service_names = $instances.map |$_, $instance| { $instance['service_name'] }
  $stock_service = 'rabbitmq-server'
  $epmd_addresses = $instances.map |$_, $instance| {
    $instance['environment'].get('ERL_EPMD_ADDRESS', '').split(',')
  }.flatten.unique

  if $manage_package {
    package { $packages:
      ensure => present,
    }
  }

  if $systemd and $stop_stock_service and !$instances.empty and !($stock_service in $service_names) {
    service { $stock_service:
      ensure => stopped,
      enable => false,
    }

    $packages.each |$package| {
      Package <| title == $package |> -> Service[$stock_service]
    }
    Service[$stock_service] -> Tripleo_messaging::Rabbitmq::Broker <| |>
  }

  if $systemd and !$epmd_addresses.empty {
    class { 'tripleo_messaging::rabbitmq::epmd':
      addresses => $epmd_addresses,
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
