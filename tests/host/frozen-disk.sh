# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A disk of the host that hangs: its writers wait and cannot be killed. Source lib.sh first.
#
#	frozen_disk FOLDER	a disk of 512 MiB at that folder of the host, which still runs
#	frozen_disk_stop SECONDS	it stands still, for so long at most: also if the test is killed meanwhile
#	frozen_disk_go		it goes on

frozen_disk() {
	local loop
	frozen_folder=$1
	truncate -s 512M "$test_dir/disk"
	mkfs.ext4 -q "$test_dir/disk"
	loop=$(losetup --find --show "$test_dir/disk")
	at_exit "losetup --detach $loop"
	host mknod /dev/disk-that-stops b "$(stat -c %Hr "$loop")" "$(stat -c %Lr "$loop")"
	host mount /dev/disk-that-stops "$frozen_folder"
	at_exit "host umount --lazy $frozen_folder 2>/dev/null"
	at_exit frozen_disk_go
}

frozen_disk_stop() {
	setsid nsenter --target "$host_pid" --mount sh -c "sleep $1; fsfreeze --unfreeze $frozen_folder" \
		</dev/null >/dev/null 2>&1 &
	at_exit "kill -- -$!"
	host fsfreeze --freeze "$frozen_folder"
}

frozen_disk_go() {
	host fsfreeze --unfreeze "$frozen_folder" 2>/dev/null || true
}
