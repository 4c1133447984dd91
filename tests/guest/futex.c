// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits for a futex that nobody wakes, and prints its address first. */
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
