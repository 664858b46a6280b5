# SPDX-License-Identifier: Apache-2.0
# @summary One RabbitMQ broker with everything of its own. Used by tripleo_messaging::rabbitmq.
#
# A changed configuration restarts the broker, changed definitions are imported into the running one.
#
# @param instance
#   What is to be known of this broker on this host.
# @param erlang_cookie
#   The secret that the members of a cluster, and the command line tools, share.
# @param definitions
#   Virtual hosts, users with hashed passwords, permissions and policies as JSON text.
# @param systemd
#   Whether systemd runs the broker.
define tripleo_messaging::rabbitmq::broker (
  Tripleo_messaging::Rabbitmq::Instance $instance,
  Sensitive[String[1]] $erlang_cookie,
  Sensitive[String[1]] $definitions,
  Boolean $systemd,
) {
  $config_dir = $instance['config_dir']
  $home_dir = $instance['home_dir']
  $context = { 'instance_name' => $name } + $instance

  $plugins = $instance['plugins'].join(',')
  $directories = [$config_dir, $home_dir, "${home_dir}/mnesia", $instance['log_dir'], $instance['run_dir']]
  $definitions_file = "${config_dir}/definitions.json"
  $run_script = "${config_dir}/run"

  file {
    default:
      ensure => directory,
      owner  => 'rabbitmq',
      group  => 'rabbitmq',
      mode   => '0750',
    ;
    $directories - $config_dir:
    ;
    $config_dir:
      owner => 'root',
    ;
  }

  file {
    default:
      owner => 'root',
      group => 'rabbitmq',
      mode  => '0640',
    ;
    $run_script:
      mode    => '0750',
      content => epp('tripleo_messaging/rabbitmq/run.epp', $context),
    ;
    $definitions_file:
      content   => $definitions,
      show_diff => false,
    ;
    "${config_dir}/rabbitmq.conf":
      content => epp('tripleo_messaging/rabbitmq/rabbitmq.conf.epp', $context),
    ;
    "${config_dir}/rabbitmq-env.conf":
      content => epp('tripleo_messaging/rabbitmq/rabbitmq-env.conf.epp', $context),
    ;
    "${config_dir}/enabled_plugins":
      content => "[${plugins}].\n",
    ;
    "${home_dir}/.erlang.cookie":
      owner     => 'rabbitmq',
      mode      => '0400',
      content   => $erlang_cookie,
      show_diff => false,
    ;
  }

  tripleo_messaging::rabbitmq::service { $name:
    context => $context,
    systemd => $systemd,
  }

  tripleo_messaging::rabbitmq::users { $name:
    run          => $run_script,
    definitions  => $definitions_file,
    imported     => "${config_dir}/.definitions.imported",
    absent_users => $instance['absent_users'],
  }

  Package <| title == $instance['package'] |>
  -> File[$directories]
  -> File[
    "${config_dir}/rabbitmq.conf",
    "${config_dir}/rabbitmq-env.conf",
    "${config_dir}/enabled_plugins",
    "${home_dir}/.erlang.cookie"
  ]
  ~> Tripleo_messaging::Rabbitmq::Service[$name]
  -> Tripleo_messaging::Rabbitmq::Users[$name]

  File[$directories]
  -> File[$run_script, $definitions_file]
  -> Tripleo_messaging::Rabbitmq::Service[$name]
}
