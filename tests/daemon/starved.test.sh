#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest whose vCPUs want to run but are kept waiting by the host: one vCPU because another task
# has its processor; all because of a limit (cpu.max of their cgroups). It is noticed, and the host
# is to blame. STALL_KERNELS: the kernels to test.
#
# alone: a real-time task keeps a processor from all other processes.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"


# busy NAME: two CPUs that want to run all the time
busy() {
	# shellcheck disable=SC2016 # for the guest's shell
	guest_exec "$1" 'for i in 1 2; do taskset $i sh -c "while :; do :; done" >/dev/null 2>&1 & done'
}

daemon_config '[stall]' 'starved_s=5'
libvirt_start
daemon_start
for kernel in ${STALL_KERNELS:-6.1}; do
	guest_start g kernel="$kernel" smp=2 memory=256 kaslr=no
	daemon_follow g "budget='10000' kinds='starved'" >/dev/null
	vcpu=$(grep -l '^CPU 1/' /proc/"$(cat "$libvirt_root/run/libvirt/qemu/$(guest_domain g).pid")"/task/*/comm | cut -d/ -f5)
	# shellcheck disable=SC2016 # for the guest's shell
	guest_exec g 'taskset 2 sh -c "while :; do :; done" >/dev/null 2>&1 & echo $! >/tmp/busy'

	daemon_mark
	# Real-time tasks leave a twentieth of the processor to others.
	taskset -p 1 "$vcpu" >/dev/null
	(ulimit -t 20 && exec taskset 1 chrt --fifo 1 sh -c 'while :; do :; done') &
	hog=$!
	daemon_wait "$(guest_domain g): stored:" 60 >/dev/null || true
	end_process "$hog"
	taskset -p "$(printf %x $(((1 << $(nproc)) - 1)))" "$vcpu" >/dev/null
	tap_is "$kernel, a busy host: the incident is a starved CPU" "$(value '$.incident' g) on CPU $(value '$.stall.cpu' g)" 'starved on CPU 1'
	tap_is "$kernel, a busy host: the title says that the host keeps a vCPU waiting" "$(value '$.title' g)" 'starved: the host keeps a vCPU waiting'
	tap_is "$kernel, a busy host: the host is to blame" "$(value '$.verdict.blame' g)" host
	# shellcheck disable=SC2016 # for the guest's shell
	guest_exec g 'kill -9 $(cat /tmp/busy)'
	tap_like "$kernel, a host that is not busy any more: the log reports the end of the starvation" "$(daemon_wait 'starved: .* ran on after [0-9]+ s' 60 || true)" 'ran on'
	daemon_wait "$(guest_domain g): stored:.* ended$" 60 >/dev/null || true
	tap_is "$kernel, a host that is not busy any more: there is a dump of the end" \
		"$(value '$.incident' g) $(value '$.stall.phase' g): $(value '$.title' g)" 'starved ended: starved ended'
	guest_destroy g

	guest_start limited kernel="$kernel" smp=2 memory=256 kaslr=no
	daemon_follow limited "budget='10000' kinds='starved'" >/dev/null
	busy limited
	daemon_mark
	if ! error=$(virsh -q schedinfo --live "$(guest_domain limited)" vcpu_period=100000 vcpu_quota=2000 2>&1); then
		tap_skip "$kernel, a limit on all vCPUs: that is noticed" "libvirt has no cgroups here: $error"
		guest_destroy limited
		continue
	fi
	daemon_wait "$(guest_domain limited): stored:" 60 >/dev/null || true
	tap_is "$kernel, a limit on all vCPUs: the incident is a starved guest" "$(value '$.incident' limited): $(value '$.title' limited)" \
		'starved: starved: the host keeps a vCPU waiting'
	tap_like "$kernel, a limit on all vCPUs: the host is to blame" "$(value '$.verdict.blame' limited): $(value '$.verdict.text' limited)" \
		'^host: .*or a limit keeps this guest off them\.$'
	virsh -q schedinfo --live "$(guest_domain limited)" vcpu_quota=-1 >/dev/null
	tap_like "$kernel, a limit that is lifted: the log reports the end of the starvation" "$(daemon_wait "$(guest_domain limited): starved: .* ran on after [0-9]+ s" 60 || true)" 'ran on'
	guest_destroy limited
done
tap_done
