/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oopsbtd.conf: the settings of the host. The settings of a domain are in its metadata
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
	char *auto_enable;	   /* patterns, separated by blanks; NULL: none */
	int log_level;		   /* LOG_ERR to LOG_DEBUG */
	unsigned int parallel;	   /* number of concurrent collections */
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
 * Reads the configuration: the defaults, then the file at @path or, if NULL, the default file if it
 * exists, then its drop-ins (config_file.h). @warnings (optional): unknown keys. @errors: invalid
 * values, and lines and files that cannot be read. All strings begin with file and line. Clear
 * @config in any case.
 */
void config_look(const char *path, struct config *config, GPtrArray *warnings, GPtrArray *errors);

/* The same; false if there are errors: @error has the first one and their number. */
bool config_load(const char *path, struct config *config, GPtrArray *warnings, GError **error);
/* Do the auto_enable @patterns match this domain name? */
bool config_auto_enables(const char *patterns, const char *name);

void config_clear(struct config *config);

/* Is the metrics file at its default place, in the daemon's own folder? */
bool config_metrics_is_default(const struct config *config);

#endif
