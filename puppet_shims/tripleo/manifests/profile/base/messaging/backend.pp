# SPDX-License-Identifier: Apache-2.0
# @summary The messaging backends that this node is a member of.
#
# @param backends
#   Their names, each with a class below this one. Empty on a node that is only a client.
class tripleo::profile::base::messaging::backend (
  Array[Pattern[/\A[a-z]+\z/]] $backends = lookup('tripleo_messaging::local_backends', Array[String[1]], 'unique', []),
) {
  $backends.each |$backend| {
    contain "tripleo::profile::base::messaging::backend::${backend}"
  }
}
