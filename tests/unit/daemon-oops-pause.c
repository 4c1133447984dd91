/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QEMU is told, and in which order. The QEMU is a stand-in with two panic devices. */
#include "daemon/oops_pause.h"
#include "daemon/qmp.h"

#include <string.h>

/* NULL: there is no QEMU. */
static struct qemu {
	bool stock;
	const char *refuses; /* a word of the command; NULL: nothing */
	GString *commands;   /* what changes something, a letter each */
	unsigned int num_asked;
	const char *status; /* the answer to query-status */
} * qemu;

static const char *answer_to(const char *command)
{
	if (strstr(command, "query-status"))
		return qemu->status;
	if (strstr(command, "device-list-properties"))
		return strstr(command, "\"pvpanic\"")
			       ? "{\"return\": [{\"name\": \"ioport\", \"default-value\": 1285}, "
				 "{\"name\": \"events\", \"default-value\": 7},"
				 " {\"name\": \"lockup\", \"default-value\": false}, {\"name\": "
				 "\"bus\"}]}"
			       : "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"no\"}}";
	if (strstr(command, "query-commands"))
		return qemu->stock ? "{\"return\": [{\"name\": \"cont\"}]}"
				   : "{\"return\": [{\"name\": \"cont\"}, {\"name\": "
				     "\"oops-resume\"}]}";
	if (strstr(command, "qom-list"))
		return strstr(command, "peripheral-anon")
			       ? "{\"return\": [{\"name\": \"device[0]\", \"type\": "
				 "\"child<pvpanic>\"},"
				 " {\"name\": \"device[1]\", \"type\": \"child<e1000>\"}]}"
			       : "{\"return\": [{\"name\": \"panic0\", \"type\": "
				 "\"child<pvpanic-pci>\"}]}";
	if (qemu->refuses && strstr(command, qemu->refuses))
		return "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}";
	g_string_append_c(qemu->commands, strstr(command, "oops-timeout")     ? 't'
					  : strstr(command, "oops-registers") ? 'r'
					  : strstr(command, "\"pause\"")      ? 'p'
					  : strstr(command, "\"none\"")	      ? 'n'
									      : '?');
	return "{\"return\": {}}";
}

char *virt_monitor(virDomainPtr domain G_GNUC_UNUSED, const char *command, bool human G_GNUC_UNUSED,
		   int timeout_ms G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	qemu->num_asked++;
	return g_strdup(answer_to(command));
}

GQuark virt_error_quark(void)
{
	return g_quark_from_static_string("test");
}

static void check_set(struct qemu *with, unsigned int limit_ms, bool done, bool known,
		      const char *commands)
{
	g_autoptr(GError) error = NULL;
	bool is_known = !known;

	qemu = with;
	qemu->commands = g_string_new(NULL);
	g_assert_cmpint(oops_pause_set(NULL, limit_ms, &is_known, &error), ==, done);
	g_assert_cmpint(error == NULL, ==, done);
	if (done)
		g_assert_cmpint(is_known, ==, known);
	g_assert_cmpstr(qemu->commands->str, ==, commands);
	g_string_free(qemu->commands, TRUE);
	qemu = NULL;
}

/* An oops in between must not pause for longer than what was asked for. */
static void test_limit_comes_first(void)
{
	check_set(&(struct qemu){0}, 500, true, true, "trtrp");
}

static void test_no_pause_without_the_limit(void)
{
	check_set(&(struct qemu){.refuses = "oops-timeout"}, 500, false, true, "");
}

static void test_off(void)
{
	check_set(&(struct qemu){0}, 0, true, true, "n");
}

static void test_stock(void)
{
	struct qemu stock = {.stock = true};

	check_set(&stock, 500, true, false, "");
	g_assert_cmpuint(stock.num_asked, ==, 1);
	check_set(&(struct qemu){.stock = true, .refuses = "set-action"}, 0, true, false, "");
}

/* "postmigrate": a suspended guest, after a snapshot of its memory. */
static void test_run_states(void)
{
	static const struct {
		const char *status;
		bool paused;
	} states[] = {
		{"{\"return\": {\"status\": \"paused\"}}", true},
		{"{\"return\": {\"status\": \"postmigrate\"}}", true},
		{"{\"return\": {\"status\": \"running\"}}", false},
		{"{\"return\": {\"status\": \"guest-panicked\"}}", false},
		{"{\"return\": {\"status\": \"internal-error\"}}", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		bool paused = !states[i].paused;

		qemu = &(struct qemu){.status = states[i].status};
		g_assert_true(qmp_is_paused(NULL, -1, &paused, NULL));
		g_assert_cmpint(paused, ==, states[i].paused);
		qemu = NULL;
	}
}

/* @expected: -2: the function leaves the value alone. */
static void check_property(const char *type, const char *name, gint64 expected, bool has)
{
	bool found = !has;
	gint64 value = -2;

	qemu = &(struct qemu){0};
	g_assert_true(qmp_device_property(NULL, type, name, &found, &value, NULL));
	g_assert_cmpint(found, ==, has);
	g_assert_cmpint(value, ==, expected);
	qemu = NULL;
}

static void test_device_property(void)
{
	check_property("pvpanic", "events", 7, true);
	check_property("pvpanic", "lockup", -1, true);
	check_property("pvpanic", "bus", -1, true);
	check_property("pvpanic", "oops", -2, false);
	check_property("pvpanic-pci", "events", -2, false);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/oops-pause/limit-comes-first", test_limit_comes_first);
	g_test_add_func("/oops-pause/no-pause-without-the-limit", test_no_pause_without_the_limit);
	g_test_add_func("/oops-pause/off", test_off);
	g_test_add_func("/oops-pause/stock", test_stock);
	g_test_add_func("/oops-pause/a suspended guest is told from one that QEMU has stopped",
			test_run_states);
	g_test_add_func("/qmp/a device's property and its default", test_device_property);
	return g_test_run();
}
