/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oopsbtd.conf: what holds for the host. What holds for a domain is in its metadata
 * (common/options.h).
 */
#ifndef OOPSBT_DAEMON_CONFIG_H
#define OOPSBT_DAEMON_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/analyzer.h"
#include "daemon/layout.h"
#include "common/store_quota.h"
#include "daemon/ratelimit.h"

#define CONFIG_ERROR (config_error_quark())
GQuark config_error_quark(void);

#define CONFIG_DEFAULT_PATH OOPSBT_SYSCONFDIR "/oopsbtd.conf"

struct config {
	char *uri;
	char *store;
	char *metrics; /* the file; NULL: none */
	enum memory_access memory;
	char *auto_enable;	   /* patterns with blanks between them; NULL: none */
	int log_level;		   /* LOG_ERR to LOG_DEBUG */
	unsigned int parallel;	   /* collections at once */
	uint64_t free_space_floor; /* bytes */
	struct store_quota quota;
	unsigned int freeze_deadline_ms;
	unsigned int log_settle_ms;
	unsigned int starved_s, dead_s;
	struct rate domain_rate;
	struct rate total_rate;
	struct analyzer_limits analyzer;
};

/*
 * The defaults, and on top of them what the files say: that at @path, or the one at the default
 * place if it is there (NULL), and its drop-ins (config_file.h). @warnings (optional): unknown
 * keys; @errors: values that a key cannot have, and lines and files that cannot be read. Strings
 * that begin with file and line. @config is to be cleared in any case.
 */
void config_look(const char *path, struct config *config, GPtrArray *warnings, GPtrArray *errors);

/* The same; false if there are errors, of which @error has the first and the number. */
bool config_load(const char *path, struct config *config, GPtrArray *warnings, GError **error);
/* Whether @patterns, as of auto_enable, have a domain of that name. */
bool config_auto_enables(const char *patterns, const char *name);

void config_clear(struct config *config);

/* Whether the metrics file is at its default place, in the daemon's own folder. */
bool config_metrics_is_default(const struct config *config);

#endif
