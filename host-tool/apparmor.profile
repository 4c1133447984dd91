# SPDX-License-Identifier: GPL-2.0-or-later
#
# oopsbtd, its freeze guard and its analyser. The profile is loaded with the others but is not used
# by itself: libvirt's own profile of QEMU must let oopsbtd read guest memory, and only the
# administrator can change that profile. "APPARMOR" in oopsbtd(8) has the two lines that enable it.

abi <abi/3.0>,

include <tunables/global>

profile oopsbtd flags=(attach_disconnected) {
  include <abstractions/base>
  include <abstractions/openssl>

  capability sys_ptrace,
  capability dac_read_search,
  capability setuid,
  capability setgid,
  capability kill,

  # Guest memory: /proc/PID/mem of QEMU, which libvirt confines.
  ptrace (read, trace) peer=libvirt-*,
  ptrace (read, trace) peer=unconfined,
  @{PROC}/@{pids}/{cmdline,mem,stat,status} r,
  @{PROC}/@{pids}/ r,
  # The processor time of its threads: hangs.
  @{PROC}/@{pids}/task/ r,
  @{PROC}/@{pids}/task/@{tid}/{comm,stat,schedstat} r,
  @{PROC}/sys/kernel/random/boot_id r,

  # The service has NoNewPrivileges=. A program that it starts then gets a profile only in addition to this one: so this one
  # has what they need, too, and whom a signal is for is named by both.
  signal (send) peer=oopsbtd//&oopsbtd//analyze,
  signal (send) peer=oopsbtd//&oopsbtd//guard,
  signal (receive) peer=oopsbtd,
  unix (send, receive, connect) type=stream,
  unix (send, connect) type=dgram,

  @SBINDIR@/oopsbtd mr,
  @LIBEXECDIR@/oopsbt-analyze mrPix -> &oopsbtd//analyze,
  @LIBEXECDIR@/oopsbt-freeze-guard mrPix -> &oopsbtd//guard,
  @SYSCONFDIR@/oopsbtd.conf r,
  @SYSCONFDIR@/oopsbtd.conf.d/{,*.conf} r,
  @{run}/oopsbtd.conf.d/{,*.conf} r,
  @PREFIX@/lib/oopsbtd.conf.d/{,*.conf} r,
  /etc/libvirt/libvirt.conf r,
  # For libnuma, which libvirt's library loads.
  @{sys}/devices/system/node/{,**} r,
  /etc/nsswitch.conf r,
  /etc/passwd r,
  /etc/group r,
  @{run}/libvirt/*-sock rw,
  @{run}/systemd/notify w,
  # Hooks: check for a drop-in, and ask systemd to start the unit.
  /{etc,run,usr/local/lib,usr/lib}/systemd/system/oopsbt-dump@.service.d/ r,
  @{run}/systemd/system/ r,
  @{run}/dbus/system_bus_socket rw,
  dbus send bus=system path=/org/freedesktop/DBus,
  dbus send bus=system path=/org/freedesktop/systemd1 member=StartUnit,
  owner @{run}/oopsbt/ rw,
  owner @{run}/oopsbt/** rwkl,
  owner @{run}/oopsbt-metrics/ rw,
  owner @{run}/oopsbt-metrics/** rw,
  # If [store] root= is changed, add the folder to local/oopsbtd.
  owner /var/lib/oopsbt/ rwk,
  owner /var/lib/oopsbt/** rwkl,
  # What the analyser, which is nobody, is handed over open.
  /var/lib/oopsbt/*/.new-*/{report.txt,report.json,core,dmesg.txt} rw,
  /memfd:oopsbt-analyze rw,
  /dev/null rw,

  profile analyze flags=(attach_disconnected) {
    include <abstractions/base>

    # Until it becomes nobody.
    capability setuid,
    capability setgid,

    signal (receive) peer=oopsbtd,
    unix (send, receive) type=stream peer=(label=oopsbtd),

    @LIBEXECDIR@/oopsbt-analyze mr,
    # Descriptors that the daemon passes.
    @{PROC}/@{pids}/mem r,
    /var/lib/oopsbt/*/.new-*/{report.txt,report.json,core,dmesg.txt} rw,
    /memfd:oopsbt-analyze rw,
    /dev/null rw,

    include if exists <local/oopsbtd.analyze>
  }

  profile guard {
    include <abstractions/base>
    include <abstractions/openssl>

    signal (receive) peer=oopsbtd,
    unix (send, receive, connect) type=stream,
    unix (send, connect) type=dgram,

    @LIBEXECDIR@/oopsbt-freeze-guard mr,
    /etc/libvirt/libvirt.conf r,
    @{sys}/devices/system/node/{,**} r,
    /etc/nsswitch.conf r,
    /etc/passwd r,
    @{PROC}/@{pids}/{stat,status} r,
    @{PROC}/sys/kernel/random/boot_id r,
    @{run}/libvirt/*-sock rw,
    owner @{run}/oopsbt/** rwkl,
    /dev/null rw,

    include if exists <local/oopsbtd.guard>
  }

  include if exists <local/oopsbtd>
}
