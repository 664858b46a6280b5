# SPDX-License-Identifier: Apache-2.0
# @summary Fails, with the name of the file, where a broker could not read its certificates. Used by tripleo_messaging::rabbitmq::broker.
#
# RabbitMQ itself would say so in a log alone, and either not start or refuse every connection.
#
# @param files
#   Certificates of authorities, the broker's certificate and its key. Who else manages them in the catalog does so first.
define tripleo_messaging::rabbitmq::readable (
  Array[Tripleo_messaging::Certificate_path, 1] $files,
) {
  $paths = $files.map |$file| { "'${file}'" }.join(' ')
  $can_read = 'setpriv --reuid rabbitmq --regid rabbitmq --init-groups -- test -r "$file"'
  $complain = 'echo "the user rabbitmq cannot read $file, which TLS of this broker needs"'

  exec { "the broker ${name} can read its certificates":
    command  => "for file in ${paths}; do ${can_read} || ${complain}; done; false",
    unless   => "for file in ${paths}; do ${can_read} || exit 1; done",
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    provider => shell,
  }

  $files.each |$file| {
    File <| title == $file |> -> Exec["the broker ${name} can read its certificates"]
  }
}
