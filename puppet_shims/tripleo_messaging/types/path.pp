# SPDX-License-Identifier: Apache-2.0
# @summary An absolute path that is safe in a unit file, in a shell script and in rabbitmq-env.conf.
type Tripleo_messaging::Path = Pattern[/\A(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+\z/]
