# SPDX-License-Identifier: Apache-2.0
# @summary The RabbitMQ brokers of this node.
class tripleo::profile::base::messaging::backend::rabbitmq {
  contain tripleo_messaging::rabbitmq
}
