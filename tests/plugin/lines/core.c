/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code with known line numbers: a tiny kernel that never runs. */
volatile int sink;
extern int outside(int);
extern int twin_b(int);

static inline __attribute__((always_inline)) int deepest(int *p)
{
	return *(volatile int *)p; /* fault */
}

static inline __attribute__((always_inline)) int middle(int *p)
{
	sink++;
	return deepest(p) + 1; /* middle calls deepest */
}

__attribute__((noinline)) int faults(int *p)
{
	sink += 2;
	sink += middle(p); /* faults calls middle */
	return sink;
}

static inline __attribute__((always_inline)) int wrapper(int *p)
{
	int result = faults(p); /* wrapper calls faults */

	sink ^= result;
	return result;
}

__attribute__((noinline)) static int twin(int a)
{
	sink += faults(&a); /* first twin */
	return sink;
}

__attribute__((noinline)) int caller(int *p)
{
	int sum = wrapper(p); /* caller calls wrapper */

	sum += twin(sum);
	return sum + twin_b(sum);
}

__attribute__((noreturn, noinline)) void dies(void)
{
	for (;;)
		sink++;
}

__attribute__((noinline)) void last_call(int *p)
{
	sink += caller(p);
	dies(); /* last instruction */
}

void _start(void)
{
	last_call((int *)&sink);
}
