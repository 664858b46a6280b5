# SPDX-License-Identifier: Apache-2.0
# @summary Both messaging services, RPC and notifications, on any kind of node.
class tripleo::profile::base::messaging {
  contain tripleo::profile::base::messaging::rpc
  contain tripleo::profile::base::messaging::notify
}
