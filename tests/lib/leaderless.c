/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process whose first thread has ended and whose second lives until a signal: its state is that
 * of a zombie.
 */
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static void *live(void *unused)
{
	pause();
	return unused;
}

int main(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, live, NULL) != 0)
		return 1;
	pthread_exit(NULL);
}
