# SPDX-License-Identifier: Apache-2.0
# @summary Gives a broker its Erlang cookie without a restart. Used by tripleo_messaging::rabbitmq::broker.
#
# Links between the members of a cluster stay as they are; whoever connects later needs the same cookie.
#
# @param context
#   What is to be known of the broker on this host, and its name as `instance_name`.
# @param erlang_cookie
#   The secret that the members of a cluster, and the command line tools, share.
define tripleo_messaging::rabbitmq::cookie (
  Hash[String[1], Data] $context,
  Sensitive[String[1]] $erlang_cookie,
) {
  $config_dir = $context['config_dir']
  $script = "${config_dir}/cookie"

  Exec {
    path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    provider => shell,
    timeout  => 600,
  }

  file {
    default:
      owner => 'root',
      group => 'rabbitmq',
    ;
    "${config_dir}/erlang_cookie":
      mode      => '0640',
      content   => $erlang_cookie,
      show_diff => false,
      # Else Puppet keeps every cookie that there was.
      backup    => false,
    ;
    $script:
      mode    => '0750',
      content => epp('tripleo_messaging/rabbitmq/cookie.epp', $context),
    ;
  }
  -> exec { "place the cookie of ${name}":
    command => "${script} place",
    unless  => "${script} check",
  }

  # After the broker has started: it may have done so with the former cookie while the file was replaced.
  exec { "settle the cookie of ${name}":
    command => "${script} settle",
    onlyif  => "test -e ${context['home_dir']}/.former_cookie",
    require => [Exec["place the cookie of ${name}"], Tripleo_messaging::Rabbitmq::Service[$name]],
  }
}
