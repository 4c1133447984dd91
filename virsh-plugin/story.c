/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story.h"

#include "members.h"

/* The sequence number of the incident's first record, or -1. */
static gint64 story_start(JsonObject *report)
{
	gint64 oops = member_number(member_object(report, "oops"), "log_start", -1);

	return oops >= 0 ? oops
			 : member_number(member_object(report, "complaint"), "log_start", -1);
}

static bool ends_an_oops(JsonObject *record)
{
	return g_str_has_prefix(member_text(record, "text", ""), "---[ end ");
}

bool story_in_log(JsonObject *report, guint *first, guint *end)
{
	JsonArray *records = member_array(member_object(report, "log"), "records");
	guint count = records ? json_array_get_length(records) : 0;
	gint64 sequence = story_start(report);

	for (*first = 0; sequence >= 0 && *first < count; (*first)++) {
		if (member_number(element_object(records, *first), "sequence", -1) == sequence)
			break;
	}
	if (sequence < 0 || *first == count)
		return false;
	for (*end = *first + 1; *end < count; (*end)++) {
		if (ends_an_oops(element_object(records, *end - 1)))
			break;
	}
	return true;
}
