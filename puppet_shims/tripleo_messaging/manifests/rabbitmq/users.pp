# SPDX-License-Identifier: Apache-2.0
# @summary Brings users and virtual hosts of a running broker up to date. Used by tripleo_messaging::rabbitmq::broker.
#
# @param run
#   The script that runs RabbitMQ's tools on this broker.
# @param definitions
#   The definitions file.
# @param imported
#   Keeps the checksum of the definitions that were imported last, so that a failed import is repeated.
# @param script
#   Where the script is put that deletes what is not to be there: an import only adds.
# @param absent_users
#   Users to delete, with their connections.
# @param absent_virtual_hosts
#   Virtual hosts to delete, with their queues and messages.
# @param permissions
#   By user, the virtual hosts outside of which it loses its permissions; other users keep theirs.
define tripleo_messaging::rabbitmq::users (
  Tripleo_messaging::Path $run,
  Tripleo_messaging::Path $definitions,
  String[1] $imported,
  Tripleo_messaging::Path $script,
  Array[String[1]] $absent_users,
  Array[String[1]] $absent_virtual_hosts,
  Hash[String[1], Array[String[1]]] $permissions,
) {
  Exec {
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    provider => shell,
    # Deleting a virtual host of many queues takes its time, and Puppet ends a command after 300 s.
    timeout  => 600,
  }

  exec { "import the definitions of ${name}":
    command => "${run} rabbitmqctl -q import_definitions ${definitions} && sha256sum ${definitions} > ${imported}",
    unless  => "sha256sum --check --status ${imported}",
  }

  if ($absent_users + $absent_virtual_hosts).empty and $permissions.empty {
    file { $script:
      ensure => absent,
    }
  } else {
    file { $script:
      owner   => 'root',
      group   => 'root',
      mode    => '0750',
      content => epp('tripleo_messaging/rabbitmq/absent.epp', {
          'instance_name'        => $name,
          'run'                  => $run,
          'absent_users'         => $absent_users,
          'absent_virtual_hosts' => $absent_virtual_hosts,
          'permissions'          => $permissions,
      }),
      require => Exec["import the definitions of ${name}"],
    }
    -> exec { "remove what is absent from ${name}":
      command => "${script} remove",
      unless  => "${script} check",
    }
  }
}
