# SPDX-License-Identifier: Apache-2.0
# @summary Tells a running broker of new certificates. Used by tripleo_messaging::rabbitmq::broker.
#
# That restarts nothing: connections stay as they are, and later ones are made with what the files hold.
#
# @param run
#   The script that runs RabbitMQ's tools on this broker.
# @param files
#   Certificates of authorities, the broker's certificate and its key.
# @param known
#   Keeps the checksums of what the broker was told of last.
define tripleo_messaging::rabbitmq::certificates (
  Tripleo_messaging::Path $run,
  Array[Tripleo_messaging::Certificate_path, 1] $files,
  String[1] $known,
) {
  $paths = $files.map |$file| { "'${file}'" }.join(' ')
  # A broker of which nothing was recorded has just started; Erlang itself looks every two minutes.
  $tell = "[ ! -e ${known} ] || ${run} rabbitmqctl -q eval 'ssl:clear_pem_cache().'"

  exec { "tell the broker ${name} of new certificates":
    command  => "sums=\$(sha256sum ${paths}) && { ${tell}; } && printf '%s\\n' \"\$sums\" > ${known}",
    unless   => "[ \"\$(sha256sum ${paths})\" = \"\$(cat ${known})\" ]",
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    provider => shell,
    umask    => '0077',
    timeout  => 600,
  }
}
