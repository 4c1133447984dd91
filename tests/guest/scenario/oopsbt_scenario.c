// SPDX-License-Identifier: GPL-2.0-only
/*
 * Oopses on request, each at a known place.
 *
 *	echo NAME [ARG...] > /sys/kernel/debug/oopsbt_scenario/run
 *
 * Reading the file lists the scenarios.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#define MAX_ARGS 4

struct scenario {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
};

/* Every step does something after its call, so that none is a tail call: all of them are in the trace. */
static noinline int scenario_null_deref(int *where)
{
	*where = 1;
	return *where + 1;
}

static noinline int scenario_null_inner(int *where)
{
	return scenario_null_deref(where) + 1;
}

static noinline int scenario_null_outer(int *where)
{
	return scenario_null_inner(where) + 1;
}

static int run_null(int argc, char **argv)
{
	int *where = NULL;

	OPTIMIZER_HIDE_VAR(where);
	return scenario_null_outer(where) ? 0 : -EINVAL;
}

static const struct scenario scenarios[] = {
	{ "null", "write through NULL in the writer's context", run_null },
};

static ssize_t run_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	char line[80], *rest = line, *word, *argv[MAX_ARGS];
	int argc = 0, i, err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = '\0';
	while (argc < MAX_ARGS && (word = strsep(&rest, " \n")))
		if (*word)
			argv[argc++] = word;

	for (i = 0; argc && i < ARRAY_SIZE(scenarios); i++) {
		if (strcmp(scenarios[i].name, argv[0]))
			continue;
		err = scenarios[i].run(argc - 1, argv + 1);
		return err ? err : len;
	}
	return -EINVAL;
}

static ssize_t run_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	char text[2048];
	int n = 0, i;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		n += scnprintf(text + n, sizeof(text) - n, "%s: %s\n", scenarios[i].name,
			       scenarios[i].help);
	return simple_read_from_buffer(buf, len, pos, text, n);
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.read = run_read,
	.write = run_write,
	.llseek = default_llseek,
};

static struct dentry *dir;

static int __init scenario_init(void)
{
	dir = debugfs_create_dir("oopsbt_scenario", NULL);
	/* unsafe: an oops in the write must not leave a reference that blocks unloading */
	debugfs_create_file_unsafe("run", 0600, dir, NULL, &run_fops);
	return 0;
}

static void __exit scenario_exit(void)
{
	debugfs_remove_recursive(dir);
}

module_init(scenario_init);
module_exit(scenario_exit);
MODULE_DESCRIPTION("Oopses on request, for tests");
MODULE_LICENSE("GPL");
