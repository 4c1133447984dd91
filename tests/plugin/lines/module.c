/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny relocatable module with two code sections. */
extern int faults(int *);

static inline __attribute__((always_inline)) int in_header(int *p)
{
	return faults(p); /* in_header calls faults */
}

__attribute__((section(".text.other"), noinline)) int other_section(int *p)
{
	return faults(p) + 7; /* other_section calls faults */
}

__attribute__((noinline)) int module_entry(int *p)
{
	int sum = other_section(p);

	sum += in_header(p); /* module_entry calls in_header */
	return sum + 1;
}
