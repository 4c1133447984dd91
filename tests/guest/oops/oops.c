// SPDX-License-Identifier: GPL-2.0-only
/* Its loader oopses, on any architecture. */
#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/module.h>

static int __init oops_init(void)
{
	int *where = NULL;

	OPTIMIZER_HIDE_VAR(where);
	*where = 1;
	return 0;
}
module_init(oops_init);

MODULE_DESCRIPTION("Oopses when it is loaded, for tests");
MODULE_LICENSE("GPL");
