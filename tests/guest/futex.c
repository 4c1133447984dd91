// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints the address of a futex, then waits for it. Nobody wakes this process. */
#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int word;

int main(void)
{
	printf("%p\n", (void *)&word);
	fflush(stdout);
	for (;;)
		syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}
