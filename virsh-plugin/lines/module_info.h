/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug information of a report's kernel and modules. Each file is searched when the first
 * place in it is looked up, and the result is kept.
 */
#ifndef OOPSBT_LINES_MODULE_INFO_H
#define OOPSBT_LINES_MODULE_INFO_H

#include <json-glib/json-glib.h>

#include "debug_finder.h"
#include "symbols.h"

struct module_info;
/* Both must outlive it. */
struct module_info *module_info_new(JsonObject *report, struct debug_finder *finder);
void module_info_free(struct module_info *modules);

/*
 * For @module (NULL: the kernel): array of struct position (chain.h), whose strings live as long as
 * @modules; NULL: there are none.
 */
GArray *module_info_look_up(struct module_info *modules, const char *module,
			    const struct place *place);

/* The member "debug_info": the modules that were looked up. */
JsonArray *module_info_write(const struct module_info *modules);

#endif
