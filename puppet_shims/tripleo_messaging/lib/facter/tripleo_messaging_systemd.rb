# SPDX-License-Identifier: Apache-2.0

# True where systemd runs the host; the same test as sd_booted(3).
Facter.add(:tripleo_messaging_systemd) do
  setcode { File.directory?('/run/systemd/system') }
end
