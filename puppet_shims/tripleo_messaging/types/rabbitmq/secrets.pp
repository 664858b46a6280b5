# SPDX-License-Identifier: Apache-2.0
# @summary The secrets of one RabbitMQ broker: its cookie, and its definitions as JSON text.
# Sealed data has each of them wrapped by itself, so that a level above can override one.
type Tripleo_messaging::Rabbitmq::Secrets = Struct[{
  erlang_cookie => Variant[Pattern[/\A[!-~]{1,255}\z/], Sensitive[Pattern[/\A[!-~]{1,255}\z/]]],
  definitions   => Variant[String[1], Sensitive[String[1]]],
}]
