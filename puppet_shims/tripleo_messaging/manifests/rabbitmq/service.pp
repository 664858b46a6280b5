# SPDX-License-Identifier: Apache-2.0
# @summary Runs one RabbitMQ broker, with systemd or without. Used by tripleo_messaging::rabbitmq::broker.
#
# @param context
#   What is to be known of this broker on this host, and its name as `instance_name`.
# @param systemd
#   Whether systemd runs the broker.
define tripleo_messaging::rabbitmq::service (
  Hash[String[1], Data] $context,
  Boolean $systemd,
) {
  $service_name = $context['service_name']

  if $systemd {
    $unit = "/etc/systemd/system/${service_name}.service"
    if $service_name == 'rabbitmq-server' {
      file { "${unit}.d":
        ensure => directory,
        owner  => 'root',
        group  => 'root',
        mode   => '0755',
      }
      $unit_file = "${unit}.d/tripleo_messaging.conf"
      $template = 'dropin'
    } else {
      $unit_file = $unit
      $template = 'unit'
    }

    file { $unit_file:
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp("tripleo_messaging/rabbitmq/${template}.epp", $context),
    }
    ~> exec { "reload the units for ${service_name}":
      command     => 'systemctl daemon-reload',
      path        => ['/usr/bin', '/bin'],
      refreshonly => true,
    }
    ~> service { $service_name:
      ensure => running,
      enable => true,
    }
  } else {
    $script = "${context['config_dir']}/service"

    file { $script:
      owner   => 'root',
      group   => 'root',
      mode    => '0750',
      content => epp('tripleo_messaging/rabbitmq/service.epp', $context),
    }
    -> service { $service_name:
      ensure    => running,
      provider  => base,
      hasstatus => true,
      start     => "${script} start",
      stop      => "${script} stop",
      restart   => "${script} restart",
      status    => "${script} status",
    }
  }
}
