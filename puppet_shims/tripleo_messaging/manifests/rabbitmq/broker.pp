# SPDX-License-Identifier: Apache-2.0
# @summary One RabbitMQ broker with everything of its own. Used by tripleo_messaging::rabbitmq.
#
# A changed configuration restarts the broker, changed definitions are imported into the running one, which is
# told of a changed cookie, too, and changed peers wait for a node that starts without data.
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
  $peers = $instance['settings'].filter |$key, $_| { $key =~ /\Acluster_formation\./ }
  $peers_ensure = $peers.empty ? {
    true    => absent,
    default => file,
  }
  $read_at_start = $context + { 'settings' => $instance['settings'] - $peers }

  $conf_d = "${config_dir}/conf.d"
  $directories = [$config_dir, $conf_d, $home_dir, "${home_dir}/mnesia", $instance['log_dir'], $instance['run_dir']]
  $definitions_file = "${config_dir}/definitions.json"
  $peers_file = "${conf_d}/peers.conf"
  $run_script = "${config_dir}/run"
  $restarting_files = [
    "${config_dir}/rabbitmq.conf",
    "${config_dir}/rabbitmq-env.conf",
    "${config_dir}/advanced.config",
    "${config_dir}/enabled_plugins",
  ]

  file {
    default:
      ensure => directory,
      owner  => 'rabbitmq',
      group  => 'rabbitmq',
      mode   => '0750',
    ;
    $directories - [$config_dir, $conf_d]:
    ;
    [$config_dir, $conf_d]:
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
      backup    => false,
    ;
    $peers_file:
      ensure  => $peers_ensure,
      content => epp('tripleo_messaging/rabbitmq/peers.conf.epp', { 'peers' => $peers }),
    ;
    "${config_dir}/rabbitmq.conf":
      content => epp('tripleo_messaging/rabbitmq/rabbitmq.conf.epp', $read_at_start),
    ;
    "${config_dir}/rabbitmq-env.conf":
      content => epp('tripleo_messaging/rabbitmq/rabbitmq-env.conf.epp', $context),
    ;
    "${config_dir}/advanced.config":
      content => epp('tripleo_messaging/rabbitmq/advanced.config.epp', {
        'ports'   => $instance['stream_ports'],
        'is_ipv6' => $instance['ipv6'] == true,
      }),
    ;
    "${config_dir}/enabled_plugins":
      content => "[${plugins}].\n",
    ;
  }

  if $instance['ipv6'] {
    file { "${config_dir}/erl_inetrc":
      owner   => 'root',
      group   => 'rabbitmq',
      mode    => '0640',
      content => "{inet6, true}.\n",
      require => File[$config_dir],
      notify  => Tripleo_messaging::Rabbitmq::Service[$name],
    }
  }

  if $instance['certificates'] {
    $certificates = $instance['certificates'].values

    # A run that failed after it wrote these files would have lost the restart.
    tripleo_messaging::rabbitmq::readable { $name:
      files   => $certificates,
      require => File[$directories],
      before  => File[$restarting_files],
    }

    tripleo_messaging::rabbitmq::certificates { $name:
      run     => $run_script,
      files   => $certificates,
      known   => "${config_dir}/.certificates.known",
      require => Exec["settle the cookie of ${name}"],
    }
  }

  if $instance['inter_node_tls'] {
    file { "${config_dir}/inter_node_tls.config":
      owner   => 'root',
      group   => 'rabbitmq',
      mode    => '0640',
      content => epp('tripleo_messaging/rabbitmq/inter_node_tls.config.epp', { 'certificates' => $instance['certificates'] }),
      require => File[$config_dir],
      notify  => Tripleo_messaging::Rabbitmq::Service[$name],
    }
  }

  # Before the files that a running broker was started with change, as its tools read these, too.
  tripleo_messaging::rabbitmq::cookie { $name:
    context       => $context,
    erlang_cookie => $erlang_cookie,
    require       => File[$directories],
  }

  Exec["place the cookie of ${name}"]
  -> File[$restarting_files]

  Exec["settle the cookie of ${name}"]
  -> Tripleo_messaging::Rabbitmq::Users[$name]

  tripleo_messaging::rabbitmq::service { $name:
    context => $context,
    systemd => $systemd,
  }

  tripleo_messaging::rabbitmq::users { $name:
    run                  => $run_script,
    definitions          => $definitions_file,
    imported             => "${config_dir}/.definitions.imported",
    script               => "${config_dir}/absent",
    absent_users         => $instance['absent_users'],
    absent_virtual_hosts => $instance['absent_virtual_hosts'],
    permissions          => $instance.get('permissions', {}),
  }

  Package <| title == $instance['package'] |>
  -> File[$directories]
  -> File[$restarting_files]
  ~> Tripleo_messaging::Rabbitmq::Service[$name]
  -> Tripleo_messaging::Rabbitmq::Users[$name]

  File[$directories]
  -> File[$run_script, $definitions_file, $peers_file]
  -> Tripleo_messaging::Rabbitmq::Service[$name]
}
