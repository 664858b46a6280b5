# SPDX-License-Identifier: Apache-2.0
# @summary The secrets of one RabbitMQ broker: its cookie, and its definitions as JSON text.
type Tripleo_messaging::Rabbitmq::Secrets = Struct[{
  erlang_cookie => Pattern[/\A[!-~]{1,255}\z/],
  definitions   => String[1],
}]
