// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads another kernel into the running one: kexec-file KERNEL INITRD COMMAND-LINE [crash]
 *
 * Without "crash" the other kernel starts at once, as with kexec -e; with "crash" it starts when
 * the running kernel panics.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int kernel, initrd;

	if (argc < 4) {
		fputs("usage: kexec-file KERNEL INITRD COMMAND-LINE [crash]\n", stderr);
		return 2;
	}
	kernel = open(argv[1], O_RDONLY);
	initrd = open(argv[2], O_RDONLY);
	if (kernel < 0 || initrd < 0) {
		perror("kexec-file: open");
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3],
		    argc > 4 ? KEXEC_FILE_ON_CRASH : 0)) {
		perror("kexec-file: kexec_file_load");
		return 1;
	}
	if (argc > 4)
		return 0;
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	perror("kexec-file: reboot");
	return 1;
}
