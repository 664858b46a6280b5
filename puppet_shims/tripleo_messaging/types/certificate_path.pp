# SPDX-License-Identifier: Apache-2.0
# @summary An absolute path of a certificate or key that is safe in a shell script and in an Erlang term.
type Tripleo_messaging::Certificate_path = Pattern[/\A(\/[A-Za-z0-9._+@:=~-]+)+\z/]
