/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A static function with the same name as one in core.c. */
extern int caller(int *);
extern volatile int sink;

__attribute__((noinline)) static int twin(int a)
{
	sink *= 3;
	sink -= 4;
	sink += caller(&a); /* second twin */
	return sink * a;
}

int twin_b(int a)
{
	return twin(a) + 1;
}
