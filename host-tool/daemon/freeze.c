/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/freeze.h"

#include <unistd.h>

#include "daemon/oops_pause.h"
#include "daemon/qmp.h"
#include "freeze-guard/record.h"

#define THAW_WAIT_US G_TIME_SPAN_SECOND

struct freeze {
	GMutex mutex;
	GCond changed;
	virDomainPtr domain;
	struct guard *guard;
	struct freeze_record record;
	char *runtime_directory;
	unsigned int budget_ms;
	unsigned int deadline_ms;
	gint64 oops_us;

	/* Under the mutex. */
	bool decided; /* outcome is set */
	bool wanted;  /* the owner still wants it frozen */
	bool go;      /* the owner is ready for it */
	bool calm;    /* the owner knows that the guest does not panic */
	bool over;    /* nothing is frozen by us any more, or the guard has it */
	enum freeze_outcome outcome;
	GError *error; /* of the outcome, or of the thaw */
	struct freeze_times times;
	bool registers_read;
	char *registers; /* NULL: not to be had, see the error */
	GError *registers_error;
};

static void freeze_clear(void *pointer)
{
	struct freeze *freeze = pointer;

	virDomainFree(freeze->domain);
	g_free(freeze->runtime_directory);
	g_free(freeze->registers);
	g_clear_error(&freeze->registers_error);
	g_clear_error(&freeze->error);
	g_mutex_clear(&freeze->mutex);
	g_cond_clear(&freeze->changed);
}

static bool decide(struct freeze *freeze, enum freeze_outcome outcome, GError *error)
{
	bool wanted;

	g_mutex_lock(&freeze->mutex);
	wanted = freeze->wanted;
	freeze->decided = true;
	freeze->outcome = outcome;
	if (freeze->error == NULL)
		freeze->error = error;
	else
		g_clear_error(&error);
	freeze->over = outcome != FREEZE_FROZEN;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
	return wanted;
}

static bool still_wanted(struct freeze *freeze)
{
	bool wanted;

	g_mutex_lock(&freeze->mutex);
	wanted = freeze->wanted;
	g_mutex_unlock(&freeze->mutex);
	return wanted;
}

/* Whether it may be frozen by us at all. */
static bool may_freeze(struct freeze *freeze)
{
	g_autoptr(GError) error = NULL;
	int state, reason;

	if (virDomainGetState(freeze->domain, &state, &reason, 0) < 0) {
		virt_fail(&error, "asking for the domain's state");
		decide(freeze, FREEZE_FAILED, g_steal_pointer(&error));
		return false;
	}
	if (state == VIR_DOMAIN_PAUSED &&
	    (reason == VIR_DOMAIN_PAUSED_MIGRATION || reason == VIR_DOMAIN_PAUSED_POSTCOPY)) {
		decide(freeze, FREEZE_MIGRATING, NULL);
		return false;
	}
	if (state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_BLOCKED) {
		decide(freeze, FREEZE_PAUSED, NULL);
		return false;
	}
	if (virt_is_migrating(freeze->domain)) {
		decide(freeze, FREEZE_MIGRATING, NULL);
		return false;
	}
	return still_wanted(freeze);
}

/* To those who thaw it if we can't. */
static bool announce(struct freeze *freeze, GError **error)
{
	if (!freeze_record_write(freeze->runtime_directory, &freeze->record, error))
		return false;
	if (guard_freeze(freeze->guard, freeze->record.uuid, freeze->record.domain_id,
			 freeze->deadline_ms, error))
		return true;
	freeze_record_remove(freeze->runtime_directory, freeze->record.uuid);
	return false;
}

static void withdraw(struct freeze *freeze)
{
	freeze_record_remove(freeze->runtime_directory, freeze->record.uuid);
	guard_thawed(freeze->guard, freeze->record.uuid);
}

static bool wait_for_go(struct freeze *freeze)
{
	bool wanted;

	g_mutex_lock(&freeze->mutex);
	while (!freeze->go && freeze->wanted)
		g_cond_wait(&freeze->changed, &freeze->mutex);
	wanted = freeze->wanted;
	g_mutex_unlock(&freeze->mutex);
	return wanted;
}

static bool suspend(struct freeze *freeze, gint64 *begin, GError **error)
{
	*begin = g_get_monotonic_time();
	if (virDomainSuspend(freeze->domain) < 0) {
		virt_fail(error, "suspending the domain");
		/* The call may have come through although its answer did not. */
		guard_thaw(freeze->guard, freeze->record.uuid);
		return false;
	}
	return true;
}

/* Without a deadline: libvirt does one thing at a time, a resume would wait for this anyway. */
static void read_registers(struct freeze *freeze)
{
	GError *error = NULL;
	char *registers = virt_monitor(freeze->domain, VIRT_REGISTERS_COMMAND, true, -1, &error);

	g_mutex_lock(&freeze->mutex);
	freeze->registers = registers;
	freeze->registers_error = error;
	freeze->registers_read = true;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
}

static void wait_for_thaw(struct freeze *freeze, gint64 until)
{
	g_mutex_lock(&freeze->mutex);
	while (freeze->wanted && g_cond_wait_until(&freeze->changed, &freeze->mutex, until))
		;
	freeze->times.budget_exceeded = freeze->wanted;
	g_mutex_unlock(&freeze->mutex);
}

/* A guest that panics while it is being suspended is stopped by QEMU for that. */
static bool stopped_by_itself(struct freeze *freeze)
{
	bool calm, paused;

	g_mutex_lock(&freeze->mutex);
	calm = freeze->calm;
	g_mutex_unlock(&freeze->mutex);
	return !calm && qmp_is_paused(freeze->domain, &paused, NULL) && !paused;
}

static void leave_stopped(struct freeze *freeze)
{
	g_mutex_lock(&freeze->mutex);
	freeze->times.end = FREEZE_END_PANIC;
	freeze->over = true;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
	withdraw(freeze);
}

static void resume(struct freeze *freeze, gint64 begin)
{
	GError *error = NULL;
	gint64 duration_us;
	gint64 now;

	if (virDomainResume(freeze->domain) < 0)
		virt_fail(&error, "resuming the domain");
	duration_us = g_get_monotonic_time() - begin;
	now = g_get_real_time();

	g_mutex_lock(&freeze->mutex);
	if (error == NULL) {
		freeze->times.thawed_us = now;
		freeze->times.duration_us = duration_us;
	}
	g_clear_error(&freeze->error);
	freeze->error = error;
	freeze->over = true;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);

	if (error) {
		guard_thaw(freeze->guard, freeze->record.uuid);
		return;
	}
	withdraw(freeze);
}

/* --- paused by QEMU for the oops --- */

/*
 * While the pause is young it is not asked after, as that costs time in which the guest stands. If
 * it was over nevertheless, that shows when it is to be ended.
 */
static bool holds_for_oops(struct freeze *freeze)
{
	gint64 age_us = g_get_real_time() - freeze->oops_us;
	bool holds = false;

	if (freeze->oops_us == 0)
		return false;
	if (age_us >= 0 && age_us < (gint64)freeze->budget_ms * 1000 / 2)
		return true;
	/* If QEMU does not tell, suspending the domain works in any case. */
	return qmp_is_paused(freeze->domain, &holds, NULL) && holds;
}

static enum freeze_end end_of_pause(struct freeze *freeze)
{
	int state = VIR_DOMAIN_RUNNING;

	if (virDomainGetState(freeze->domain, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED)
		return FREEZE_END_OTHERS;
	return FREEZE_END_QEMU;
}

static void let_go(struct freeze *freeze)
{
	bool ended = false;
	/* Whatever keeps it from being ended here, QEMU's limit does not. */
	bool asked = oops_pause_end(freeze->domain, &ended, NULL);
	gint64 now = g_get_real_time();
	enum freeze_end end = asked && ended ? FREEZE_END_OURS : end_of_pause(freeze);

	g_mutex_lock(&freeze->mutex);
	freeze->times.end = end;
	if (end == FREEZE_END_OURS) {
		freeze->times.thawed_us = now;
		freeze->times.duration_us = now - freeze->oops_us;
	}
	freeze->over = true;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
}

static void hold(struct freeze *freeze)
{
	gint64 until = g_get_monotonic_time() + (gint64)freeze->budget_ms * 1000;

	freeze->times.frozen_us = freeze->oops_us;
	if (decide(freeze, FREEZE_FROZEN, NULL)) {
		read_registers(freeze);
		wait_for_thaw(freeze, until);
	}
	let_go(freeze);
}

/* --- */

static void *freeze_thread(void *pointer)
{
	struct freeze *freeze = pointer;
	GError *error = NULL;
	gint64 begin;

	if (holds_for_oops(freeze)) {
		hold(freeze);
	} else if (!may_freeze(freeze)) {
		if (!freeze->decided)
			decide(freeze, FREEZE_FAILED, NULL);
	} else if (!announce(freeze, &error)) {
		decide(freeze, FREEZE_FAILED, error);
	} else if (!wait_for_go(freeze)) {
		withdraw(freeze);
		decide(freeze, FREEZE_FAILED, NULL);
	} else if (!suspend(freeze, &begin, &error)) {
		decide(freeze, FREEZE_FAILED, error);
	} else {
		gint64 until = g_get_monotonic_time() + (gint64)freeze->budget_ms * 1000;

		freeze->times.frozen_us = g_get_real_time();
		/* Now that the suspend call is over the guard need not allow for it. */
		guard_frozen(freeze->guard, freeze->record.uuid, freeze->budget_ms);
		if (decide(freeze, FREEZE_FROZEN, NULL)) {
			read_registers(freeze);
			wait_for_thaw(freeze, until);
		}
		if (stopped_by_itself(freeze))
			leave_stopped(freeze);
		else
			resume(freeze, begin);
	}
	g_atomic_rc_box_release_full(freeze, freeze_clear);
	return NULL;
}

struct freeze *freeze_begin(const struct freeze_plan *plan)
{
	struct freeze *freeze = g_atomic_rc_box_new0(struct freeze);
	GError *error = NULL;
	GThread *thread;

	g_mutex_init(&freeze->mutex);
	g_cond_init(&freeze->changed);
	virDomainRef(plan->domain);
	freeze->domain = plan->domain;
	freeze->guard = plan->guard;
	freeze->runtime_directory = g_strdup(plan->runtime_directory);
	freeze->budget_ms = plan->budget_ms;
	freeze->deadline_ms = plan->deadline_ms;
	freeze->oops_us = plan->oops_us;
	freeze->wanted = true;
	virDomainGetUUIDString(plan->domain, freeze->record.uuid);
	freeze->record.domain_id = (int)virDomainGetID(plan->domain);
	freeze->record.writer = getpid();

	thread = g_thread_try_new("freeze", freeze_thread, g_atomic_rc_box_acquire(freeze), &error);
	if (thread == NULL) {
		decide(freeze, FREEZE_FAILED, error);
		g_atomic_rc_box_release_full(freeze, freeze_clear); /* the thread's */
	} else {
		g_thread_unref(thread);
	}
	return freeze;
}

void freeze_go(struct freeze *freeze)
{
	g_mutex_lock(&freeze->mutex);
	freeze->go = true;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
}

enum freeze_outcome freeze_wait(struct freeze *freeze, GError **error)
{
	gint64 until = g_get_monotonic_time() + (gint64)freeze->deadline_ms * 1000;
	enum freeze_outcome outcome = FREEZE_FAILED;

	g_mutex_lock(&freeze->mutex);
	while (!freeze->decided && g_cond_wait_until(&freeze->changed, &freeze->mutex, until))
		;
	if (!freeze->decided) {
		freeze->wanted = false; /* when it comes through after all it is undone at once */
		g_set_error(
			error, VIRT_ERROR, VIR_ERR_OPERATION_TIMEOUT,
			"suspending the domain took more than %u ms (is libvirt busy with it, or "
			"its disks with flushing?)",
			freeze->deadline_ms);
	} else {
		outcome = freeze->outcome;
		if (outcome == FREEZE_FAILED && freeze->error)
			g_propagate_error(error, g_steal_pointer(&freeze->error));
	}
	g_mutex_unlock(&freeze->mutex);
	return outcome;
}

char *freeze_registers(struct freeze *freeze, int timeout_ms, GError **error)
{
	gint64 until = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	char *registers;

	g_mutex_lock(&freeze->mutex);
	while (!freeze->registers_read &&
	       g_cond_wait_until(&freeze->changed, &freeze->mutex, until))
		;
	registers = g_steal_pointer(&freeze->registers);
	if (freeze->registers_error)
		g_propagate_error(error, g_steal_pointer(&freeze->registers_error));
	else if (registers == NULL)
		g_set_error(error, VIRT_ERROR, VIR_ERR_OPERATION_TIMEOUT,
			    "monitor command \"" VIRT_REGISTERS_COMMAND
			    "\": libvirt did not answer within %d ms",
			    timeout_ms);
	g_mutex_unlock(&freeze->mutex);
	return registers;
}

bool freeze_thaw(struct freeze *freeze, bool calm, struct freeze_times *times, GError **error)
{
	gint64 until = g_get_monotonic_time() + THAW_WAIT_US;
	bool thawed = true;

	g_mutex_lock(&freeze->mutex);
	freeze->wanted = false;
	freeze->calm = calm;
	g_cond_broadcast(&freeze->changed);
	if (freeze->decided && freeze->outcome == FREEZE_FROZEN) {
		while (!freeze->over && g_cond_wait_until(&freeze->changed, &freeze->mutex, until))
			;
		thawed = freeze->over &&
			 (freeze->times.thawed_us != 0 || freeze->times.end != FREEZE_END_OURS);
		if (!freeze->over)
			g_set_error(error, VIRT_ERROR, VIR_ERR_OPERATION_TIMEOUT,
				    "resuming the domain takes more than a second");
		else if (!thawed && freeze->error)
			g_propagate_error(error, g_error_copy(freeze->error));
	}
	if (times)
		*times = freeze->times;
	g_mutex_unlock(&freeze->mutex);
	return thawed;
}

void freeze_end(struct freeze *freeze)
{
	if (freeze == NULL)
		return;
	freeze_thaw(freeze, false, NULL, NULL);
	g_atomic_rc_box_release_full(freeze, freeze_clear);
}
