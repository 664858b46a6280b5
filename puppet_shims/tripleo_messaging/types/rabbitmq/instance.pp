# SPDX-License-Identifier: Apache-2.0
# @summary One RabbitMQ broker on this host, without its secrets.
type Tripleo_messaging::Rabbitmq::Instance = Struct[{
  node_name    => Pattern[/\A[A-Za-z0-9_-]+@[A-Za-z0-9.-]+\z/],
  package      => String[1],
  service_name => Pattern[/\A[A-Za-z0-9_][A-Za-z0-9_.-]*\z/],
  config_dir   => Tripleo_messaging::Path,
  home_dir     => Tripleo_messaging::Path,
  log_dir      => Tripleo_messaging::Path,
  run_dir      => Pattern[/\A\/run\/[A-Za-z0-9_][A-Za-z0-9_.-]*\z/],
  settings     => Hash[Pattern[/\A[A-Za-z0-9_.$-]+\z/], Variant[Boolean, Numeric, Pattern[/\A[^\n]+\z/]]],
  environment  => Hash[Pattern[/\A[A-Z][A-Z0-9_]*\z/], Pattern[/\A[^\n]*\z/]],
  plugins      => Array[Pattern[/\A[a-z0-9_]+\z/]],
  file_limit   => Integer[1024],
  absent_users => Array[Pattern[/\A[A-Za-z0-9_.@+-]+\z/]],
}]
