// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frames REPORT.json: prints every frame as a line "CPU pc function+offset", the innermost first,
 * and a line "CPU user" for a vCPU in user mode. The output of the other oracles is converted to
 * the same format.
 */
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

static void print_frame(gint64 cpu, JsonObject *frame)
{
	guint64 pc = g_ascii_strtoull(json_object_get_string_member(frame, "pc"), NULL, 16);

	printf("%" G_GINT64_FORMAT " %" G_GINT64_MODIFIER "x ", cpu, pc);
	if (json_object_get_null_member(frame, "symbol"))
		puts("-");
	else
		printf("%s+%" G_GINT64_FORMAT "\n", json_object_get_string_member(frame, "symbol"),
		       json_object_get_int_member(frame, "offset"));
}

int main(int argc, char **argv)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;
	JsonArray *vcpus;

	if (argc != 2 || !json_parser_load_from_file(parser, argv[1], &error)) {
		fprintf(stderr, "frames: %s\n", error ? error->message : "one REPORT is needed");
		return 2;
	}
	vcpus = json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)),
					     "vcpus");
	for (guint i = 0; i < json_array_get_length(vcpus); i++) {
		JsonObject *vcpu = json_array_get_object_element(vcpus, i);
		JsonArray *frames = json_object_get_array_member(vcpu, "frames");
		gint64 cpu = json_object_get_int_member(vcpu, "cpu");

		if (!strcmp(json_object_get_string_member(vcpu, "context"), "user"))
			printf("%" G_GINT64_FORMAT " user\n", cpu);
		for (guint j = 0; j < json_array_get_length(frames); j++)
			print_frame(cpu, json_array_get_object_element(frames, j));
	}
	return 0;
}
