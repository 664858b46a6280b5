# SPDX-License-Identifier: Apache-2.0
# @summary One RabbitMQ broker on this host, without its secrets.
#
# Settings named `cluster_formation.*` are read by a node that starts without data, so a change of them
# restarts nothing. With `ipv6` Erlang looks for IPv6 addresses of host names, by the file erl_inetrc in
# `config_dir`, which the `environment` names. `stream_ports` are the first and the last of those on which
# replicas of streams listen.
#
# `certificates` are the files that the settings name; with `inter_node_tls` the members' distribution has them, too,
# by the file inter_node_tls.config in `config_dir`, which the `environment` names.
#
# `absent_users` and `absent_virtual_hosts` are deleted. The users of `permissions` lose those in any
# virtual host but the ones listed.
type Tripleo_messaging::Rabbitmq::Instance = Struct[{
  node_name                => Pattern[/\A[A-Za-z0-9_-]+@[A-Za-z0-9.-]+\z/],
  package                  => String[1],
  service_name             => Pattern[/\A[A-Za-z0-9_][A-Za-z0-9_.-]*\z/],
  config_dir               => Tripleo_messaging::Path,
  home_dir                 => Tripleo_messaging::Path,
  log_dir                  => Tripleo_messaging::Path,
  run_dir                  => Pattern[/\A\/run\/[A-Za-z0-9_][A-Za-z0-9_.-]*\z/],
  settings                 => Hash[Pattern[/\A[A-Za-z0-9_.$-]+\z/], Variant[Boolean, Numeric, Pattern[/\A[^\n]+\z/]]],
  environment              => Hash[Pattern[/\A[A-Z][A-Z0-9_]*\z/], Pattern[/\A[^\n]*\z/]],
  plugins                  => Array[Pattern[/\A[a-z0-9_]+\z/]],
  stream_ports             => Tuple[Integer[1024, 65535], Integer[1024, 65535]],
  file_limit               => Integer[1024],
  Optional[ipv6]           => Boolean,
  Optional[certificates]   => Struct[{
      Optional[ca_file] => Tripleo_messaging::Certificate_path,
      certificate_file  => Tripleo_messaging::Certificate_path,
      key_file          => Tripleo_messaging::Certificate_path,
  }],
  Optional[inter_node_tls] => Boolean,
  absent_users             => Array[Pattern[/\A[A-Za-z0-9_.@+-]+\z/]],
  absent_virtual_hosts     => Array[Pattern[/\A[A-Za-z0-9_.\/+@:=~-]+\z/]],
  Optional[permissions]    => Hash[Pattern[/\A[^\n]+\z/], Array[Pattern[/\A[^\n\t]+\z/]]],
}]
