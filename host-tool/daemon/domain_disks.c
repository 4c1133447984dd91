/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

void domain_disks_set(struct domain *domain, GBytes *places)
{
	g_clear_pointer(&domain->disks, disk_watch_free);
	if (places == NULL)
		return;
	domain->disks = disk_watch_new(places);
	if (domain->disks)
		log_write(domain->all->log, LOG_DEBUG, domain->name, NULL,
			  "looks for requests of %u disk queues",
			  disk_watch_num_queues(domain->disks));
}

/* A guest that is not frozen does not wait for its disks, and a paused one sees no answers. */
static bool is_wanted(const struct domain *domain)
{
	return domain->disks && domain->options.freeze && !domain->paused_us;
}

void domain_disks_ask(struct domain *domain, struct peek *peek)
{
	if (is_wanted(domain))
		disk_watch_ask(domain->disks, peek);
}

void domain_disks_look(struct domain *domain)
{
	gint64 now_us = g_get_monotonic_time();

	if (!is_wanted(domain))
		return;
	if (!disk_watch_look(domain->disks, domain->layout, now_us) || domain->map_source)
		return;
	log_write(domain->all->log, LOG_DEBUG, domain->name, NULL,
		  "block devices have come or gone; looking for the disks again");
	domain_kernel_find_again(domain, &domain->disks_moved);
}

void domain_disks_requests(const struct domain *domain, struct disk_requests *requests)
{
	*requests = domain->disks ? *disk_watch_requests(domain->disks) : (struct disk_requests){0};
}
