# SPDX-License-Identifier: Apache-2.0
# @summary Brings the users of a running broker up to date. Used by tripleo_messaging::rabbitmq::broker.
#
# @param run
#   The script that runs RabbitMQ's tools on this broker.
# @param definitions
#   The definitions file.
# @param imported
#   Keeps the checksum of the definitions that were imported last, so that a failed import is repeated.
# @param absent_users
#   Users to delete: an import only adds.
define tripleo_messaging::rabbitmq::users (
  Tripleo_messaging::Path $run,
  Tripleo_messaging::Path $definitions,
  String[1] $imported,
  Array[String[1]] $absent_users,
) {
  $patterns = $absent_users.map |$user| { "-e '${user}'" }.join(' ')
  $found = "${run} rabbitmqctl -s list_users | cut -f 1 | grep -xF ${patterns}"

  Exec {
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    provider => shell,
  }

  exec { "import the definitions of ${name}":
    command => "${run} rabbitmqctl -q import_definitions ${definitions} && sha256sum ${definitions} > ${imported}",
    unless  => "sha256sum --check --status ${imported}",
  }

  unless $absent_users.empty {
    exec { "delete the absent users of ${name}":
      command => "for user in $(${found}); do ${run} rabbitmqctl -q delete_user \"\$user\" || exit 1; done",
      onlyif  => $found,
      require => Exec["import the definitions of ${name}"],
    }
  }
}
