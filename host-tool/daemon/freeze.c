/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/freeze.h"

#include <unistd.h>

#include "daemon/oops_pause.h"
#include "daemon/qmp.h"

#define THAW_WAIT_US G_TIME_SPAN_SECOND
/* The time for QEMU's events to arrive after the guest runs again. */
#define EVENTS_WAIT_MS 100

/* What the owner wants; it only increases. */
enum wish {
	WISH_PREPARE,
	WISH_FREEZE,
	WISH_THAW,
};

struct freeze {
	GMutex mutex;
	GCond changed;
	virDomainPtr domain;
	struct guard *guard;
	struct pauses *pauses; /* or NULL */
	char *runtime_directory;
	char uuid[VIR_UUID_STRING_BUFLEN];
	unsigned int budget_ms;
	unsigned int deadline_ms;
	gint64 oops_us;

	/* Used by the thread only. */
	char *oops_registers; /* received with QEMU's pause, or NULL */
	FreezeRecord *record;
	gint64 suspend_us, suspended_us; /* real time of the suspend call and of its return */
	gint64 begin_us;		 /* monotonic time of the suspend call */

	/* Protected by the mutex. */
	enum freeze_state state;
	enum wish wish;
	bool migration_told; /* by QEMU, and not looked at yet */
	bool calm;	     /* the owner knows that the guest does not panic */
	enum freeze_outcome outcome;
	GError *error; /* of the outcome, or of the thaw */
	struct freeze_times times;
	char *registers; /* both NULL: not read yet, or taken */
	GError *registers_error;
};

static void freeze_clear(void *pointer)
{
	struct freeze *freeze = pointer;

	virDomainFree(freeze->domain);
	guard_unref(freeze->guard);
	pauses_unref(freeze->pauses);
	freeze_record_free(freeze->record);
	g_free(freeze->runtime_directory);
	g_free(freeze->oops_registers);
	g_free(freeze->registers);
	g_clear_error(&freeze->registers_error);
	g_clear_error(&freeze->error);
	g_mutex_clear(&freeze->mutex);
	g_cond_clear(&freeze->changed);
}

/* --- the state --- */

static bool is_decided(enum freeze_state state)
{
	return state != FREEZE_STATE_NEW && state != FREEZE_STATE_ANNOUNCED &&
	       state != FREEZE_STATE_SUSPENDING;
}

static bool is_over(enum freeze_state state)
{
	return state == FREEZE_STATE_OVER || state == FREEZE_STATE_GIVEN;
}

static enum freeze_state step(struct freeze *freeze, enum freeze_event event)
{
	enum freeze_state state;

	g_mutex_lock(&freeze->mutex);
	if (!freeze_next(FREEZE_DAEMON, &freeze->state, event))
		g_error("a freeze that is %s cannot have %s", freeze_state_name(freeze->state),
			freeze_event_name(event));
	state = freeze->state;
	if (state == FREEZE_STATE_FROZEN || state == FREEZE_STATE_HELD)
		freeze->outcome = FREEZE_FROZEN;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
	return state;
}

static enum wish wish(struct freeze *freeze)
{
	enum wish now;

	g_mutex_lock(&freeze->mutex);
	now = freeze->wish;
	g_mutex_unlock(&freeze->mutex);
	return now;
}

static void set_error(struct freeze *freeze, GError *error)
{
	g_mutex_lock(&freeze->mutex);
	g_clear_error(&freeze->error);
	freeze->error = error;
	g_mutex_unlock(&freeze->mutex);
}

static void set_end(struct freeze *freeze, enum freeze_end end)
{
	g_mutex_lock(&freeze->mutex);
	freeze->times.end = end;
	g_mutex_unlock(&freeze->mutex);
}

/* --- NEW: checks the domain and announces the freeze --- */

static enum freeze_event refuse(struct freeze *freeze, enum freeze_outcome outcome, GError *error)
{
	freeze->outcome = outcome; /* not visible to others yet */
	set_error(freeze, error);
	return FREEZE_EVENT_REFUSED;
}

/*
 * Does not ask about a recent pause, since the guest is stopped meanwhile. If the pause is over
 * already, the attempt to end it shows that.
 */
static bool holds_for_oops(struct freeze *freeze)
{
	gint64 age_us = g_get_real_time() - freeze->oops_us;
	bool holds = false;

	if (freeze->oops_us == 0)
		return false;
	if (age_us >= 0 && age_us < (gint64)freeze->budget_ms * 1000 / 2)
		return true;
	/* If QEMU does not answer, suspending the domain works in any case. */
	return qmp_holds_for_oops(freeze->domain, &holds, NULL) && holds;
}

static bool may_freeze(struct freeze *freeze, enum freeze_outcome *outcome, GError **error)
{
	int state, reason;

	*outcome = FREEZE_FAILED;
	if (virDomainGetState(freeze->domain, &state, &reason, 0) < 0)
		return virt_fail(error, "asking for the domain's state");
	if (state == VIR_DOMAIN_PAUSED &&
	    (reason == VIR_DOMAIN_PAUSED_MIGRATION || reason == VIR_DOMAIN_PAUSED_POSTCOPY)) {
		*outcome = FREEZE_MIGRATING;
		return false;
	}
	if (state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_BLOCKED) {
		*outcome = FREEZE_PAUSED;
		return false;
	}
	if (virt_is_migrating(freeze->domain)) {
		*outcome = FREEZE_MIGRATING;
		return false;
	}
	return wish(freeze) != WISH_THAW;
}

/* Makes this the only freeze of the domain. */
static bool claim(struct freeze *freeze, GError **error)
{
	g_autofree char *uri = virConnectGetURI(virDomainGetConnect(freeze->domain));

	freeze->record = freeze_record_new(freeze->runtime_directory, freeze->uuid,
					   (int)virDomainGetID(freeze->domain), uri, error);
	if (freeze->record)
		return true;
	if (g_error_matches(*error, G_FILE_ERROR, G_FILE_ERROR_EXIST)) {
		g_clear_error(error);
		g_set_error(error, VIRT_ERROR, VIR_ERR_OPERATION_INVALID,
			    "an earlier freeze of this domain is not over, see %s/frozen",
			    freeze->runtime_directory);
		/* Lets the guard end an abandoned freeze. */
		guard_look(freeze->guard);
	}
	return false;
}

/* Asks libvirt only after the claim, since it would wait for an earlier suspend call. */
static enum freeze_event prepare(struct freeze *freeze)
{
	enum freeze_outcome outcome = FREEZE_FAILED;
	GError *error = NULL;

	if (holds_for_oops(freeze)) {
		freeze->times.frozen_us = freeze->oops_us;
		if (freeze->pauses) {
			pauses_follow(freeze->pauses, freeze->uuid, freeze->oops_us, NULL, NULL);
			pauses_note(freeze->pauses, freeze->uuid, true, freeze->oops_us);
			pauses_own(freeze->pauses, freeze->uuid, freeze->oops_us);
		}
		return FREEZE_EVENT_HOLDS;
	}
	/* These are registers of another freeze. */
	g_clear_pointer(&freeze->oops_registers, g_free);
	if (!claim(freeze, &error))
		return refuse(freeze, FREEZE_FAILED, error);
	if (may_freeze(freeze, &outcome, &error) &&
	    freeze_record_set(freeze->record, FREEZE_STATE_SUSPENDING, &error) &&
	    guard_tell(freeze->guard, freeze->record, FREEZE_EVENT_ANNOUNCED, freeze->deadline_ms,
		       &error))
		return FREEZE_EVENT_ANNOUNCED;
	freeze_record_remove(freeze->record);
	return refuse(freeze, outcome, error);
}

/* --- ANNOUNCED: until the owner is ready --- */

/* Nothing is outstanding any more. */
static void withdraw(struct freeze *freeze)
{
	freeze_record_remove(freeze->record);
	guard_tell(freeze->guard, freeze->record, FREEZE_EVENT_ENDED, 0, NULL);
}

static enum freeze_event wait_for_go(struct freeze *freeze)
{
	enum wish now;

	g_mutex_lock(&freeze->mutex);
	while (freeze->wish == WISH_PREPARE)
		g_cond_wait(&freeze->changed, &freeze->mutex);
	now = freeze->wish;
	g_mutex_unlock(&freeze->mutex);
	if (now == WISH_FREEZE && freeze_record_is_ours(freeze->record))
		return FREEZE_EVENT_GO;
	withdraw(freeze);
	if (now != WISH_FREEZE)
		return FREEZE_EVENT_UNWANTED;
	/* The guard already waits for the end of a suspend call that will never start. */
	set_error(freeze, g_error_new(VIRT_ERROR, VIR_ERR_OPERATION_TIMEOUT,
				      "this process hung before it could suspend the domain"));
	return FREEZE_EVENT_TAKEN;
}

/* --- SUSPENDING --- */

/*
 * Errors that say that the call did nothing: no turn on the domain, wrong state, no domain. After
 * any other error the guest may be stopped.
 */
static bool changed_nothing(int code)
{
	return code == VIR_ERR_OPERATION_TIMEOUT || code == VIR_ERR_OPERATION_INVALID ||
	       code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_ACCESS_DENIED;
}

/* Called with the mutex of the pauses. */
static void on_migration(void *user_data)
{
	struct freeze *freeze = user_data;

	g_mutex_lock(&freeze->mutex);
	freeze->migration_told = true;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
}

static enum freeze_event suspend(struct freeze *freeze)
{
	GError *error = NULL;

	if (freeze->pauses)
		pauses_follow(freeze->pauses, freeze->uuid, g_get_real_time(), on_migration,
			      freeze);
	freeze->suspend_us = g_get_real_time();
	freeze->begin_us = g_get_monotonic_time();
	if (virDomainSuspend(freeze->domain) < 0) {
		int code = virGetLastErrorCode();

		virt_fail(&error, "suspending the domain");
		set_error(freeze, error);
		if (changed_nothing(code)) {
			withdraw(freeze);
			return FREEZE_EVENT_DECLINED;
		}
		guard_tell(freeze->guard, freeze->record, FREEZE_EVENT_GIVEN, 0, NULL);
		return FREEZE_EVENT_LOST;
	}
	freeze->suspended_us = g_get_real_time();
	if (freeze->pauses)
		pauses_own(freeze->pauses, freeze->uuid, freeze->suspended_us);
	/* The suspend call is over, so the guard need not allow for it. */
	freeze_record_set(freeze->record, FREEZE_STATE_FROZEN, NULL);
	guard_tell(freeze->guard, freeze->record, FREEZE_EVENT_ANSWERED, freeze->budget_ms, NULL);
	if (!freeze_record_is_ours(freeze->record)) {
		set_error(freeze, g_error_new(VIRT_ERROR, VIR_ERR_OPERATION_TIMEOUT,
					      "suspending the domain took so long that the "
					      "freeze guard has undone it"));
		return FREEZE_EVENT_TAKEN;
	}
	g_mutex_lock(&freeze->mutex);
	freeze->times.frozen_us = freeze->suspended_us;
	g_mutex_unlock(&freeze->mutex);
	return FREEZE_EVENT_ANSWERED;
}

/* --- FROZEN and HELD: until the domain must run again --- */

/* No deadline: libvirt serves one call of a domain at a time, so a resume would wait anyway. */
static void read_registers(struct freeze *freeze)
{
	GError *error = NULL;
	char *registers = g_steal_pointer(&freeze->oops_registers);

	if (registers == NULL)
		registers = virt_monitor(freeze->domain, VIRT_REGISTERS_COMMAND, true, -1, &error);
	g_mutex_lock(&freeze->mutex);
	freeze->registers = registers;
	freeze->registers_error = error;
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
}

/* True: QEMU says that it writes the guest's state. */
static bool stand_until(struct freeze *freeze, gint64 until)
{
	bool migration_told;

	g_mutex_lock(&freeze->mutex);
	while (freeze->wish != WISH_THAW && !freeze->migration_told &&
	       g_cond_wait_until(&freeze->changed, &freeze->mutex, until))
		;
	migration_told = freeze->migration_told;
	freeze->migration_told = false;
	g_mutex_unlock(&freeze->mutex);
	return migration_told;
}

/*
 * The guest would arrive paused, and nobody there knows that oopsbt paused it. So the freeze ends
 * at once. A save or snapshot is left alone: the guard sets its state right afterwards.
 */
static bool migrates(struct freeze *freeze)
{
	if (!virt_is_migrating(freeze->domain))
		return false;
	set_end(freeze, FREEZE_END_MIGRATION);
	return true;
}

static enum freeze_event stand(struct freeze *freeze)
{
	gint64 until = g_get_monotonic_time() + (gint64)freeze->budget_ms * 1000;
	bool asked, migrating = false;

	if (wish(freeze) != WISH_THAW)
		read_registers(freeze);
	while (!migrating && stand_until(freeze, until))
		migrating = migrates(freeze);
	g_mutex_lock(&freeze->mutex);
	asked = freeze->wish == WISH_THAW;
	freeze->times.budget_exceeded = !asked && !migrating;
	g_mutex_unlock(&freeze->mutex);
	return asked ? FREEZE_EVENT_THAW : FREEZE_EVENT_BUDGET;
}

/* --- THAWING --- */

static bool is_running(struct freeze *freeze)
{
	int state;

	return virDomainGetState(freeze->domain, &state, NULL, 0) == 0 &&
	       (state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED);
}

/* True also for a guest that runs. QEMU stops a guest that panics during the suspend call. */
static bool is_not_paused(struct freeze *freeze)
{
	bool calm, paused;

	g_mutex_lock(&freeze->mutex);
	calm = freeze->calm;
	g_mutex_unlock(&freeze->mutex);
	return !calm && qmp_is_paused(freeze->domain, QMP_TIMEOUT_MS, &paused, NULL) && !paused;
}

static bool was_resumed(struct freeze *freeze)
{
	gint64 stop_us, resume_us = 0;

	if (freeze->pauses)
		pauses_get(freeze->pauses, freeze->uuid, 0, &stop_us, &resume_us);
	/* A later freeze may follow the domain instead, while QEMU holds it. */
	return resume_us > freeze->suspended_us;
}

/* Leaves the guest alone: it runs, or somebody else has stopped it. */
static enum freeze_event leave(struct freeze *freeze, enum freeze_end end)
{
	set_end(freeze, end);
	withdraw(freeze);
	return end == FREEZE_END_RUNS ? FREEZE_EVENT_RUNS : FREEZE_EVENT_OTHERS;
}

/* Uses the times of QEMU's events if they came and fit the calls; otherwise those of the calls. */
static void note_times(struct freeze *freeze, gint64 resume_us, gint64 resumed_us,
		       gint64 duration_us)
{
	gint64 stop_us = 0, went_on_us = 0;
	bool fits;

	if (freeze->pauses)
		pauses_get(freeze->pauses, freeze->uuid, EVENTS_WAIT_MS, &stop_us, &went_on_us);
	fits = stop_us >= freeze->suspend_us && stop_us <= freeze->suspended_us &&
	       went_on_us >= resume_us && went_on_us <= resumed_us;
	g_mutex_lock(&freeze->mutex);
	freeze->times.frozen_us = fits ? stop_us : freeze->suspended_us;
	freeze->times.thawed_us = fits ? went_on_us : resumed_us;
	freeze->times.duration_us = fits ? went_on_us - stop_us : duration_us;
	g_mutex_unlock(&freeze->mutex);
}

static enum freeze_event give(struct freeze *freeze, GError *error)
{
	set_error(freeze, error);
	guard_tell(freeze->guard, freeze->record, FREEZE_EVENT_GIVEN, 0, NULL);
	return FREEZE_EVENT_FAILED;
}

static enum freeze_event resume(struct freeze *freeze)
{
	GError *error = NULL;
	gint64 resume_us = g_get_real_time();
	gint64 duration_us;
	gint64 resumed_us;

	guard_tell(freeze->guard, freeze->record, FREEZE_EVENT_RESUMING, 0, NULL);
	if (virDomainResume(freeze->domain) < 0) {
		virt_fail(&error, "resuming the domain");
		if (!is_running(freeze))
			return give(freeze, error);
		g_clear_error(&error);
		return leave(freeze, FREEZE_END_RUNS);
	}
	duration_us = g_get_monotonic_time() - freeze->begin_us;
	resumed_us = g_get_real_time();
	withdraw(freeze);
	note_times(freeze, resume_us, resumed_us, duration_us);
	return FREEZE_EVENT_RESUMED;
}

static enum freeze_event thaw(struct freeze *freeze)
{
	if (!freeze_record_is_ours(freeze->record)) {
		set_end(freeze, FREEZE_END_GUARD);
		return FREEZE_EVENT_TAKEN;
	}
	/* A resume call would wait for the migration's end. */
	if (freeze->times.end == FREEZE_END_MIGRATION)
		return give(freeze, NULL);
	if (was_resumed(freeze))
		return leave(freeze, is_running(freeze) ? FREEZE_END_RUNS : FREEZE_END_OTHERS);
	if (is_not_paused(freeze))
		return leave(freeze, is_running(freeze) ? FREEZE_END_RUNS : FREEZE_END_PANIC);
	return resume(freeze);
}

/* --- RELEASING: QEMU's own pause --- */

static enum freeze_end end_of_pause(struct freeze *freeze)
{
	int state = VIR_DOMAIN_RUNNING;

	if (virDomainGetState(freeze->domain, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED)
		return FREEZE_END_OTHERS;
	return FREEZE_END_QEMU;
}

/* When our command ended the pause: the time of QEMU's event, otherwise that of QEMU's answer. */
static gint64 release_time(struct freeze *freeze, gint64 asked_us, gint64 answered_us)
{
	gint64 stop_us, end_us = 0;

	if (freeze->pauses)
		pauses_get(freeze->pauses, freeze->uuid, EVENTS_WAIT_MS, &stop_us, &end_us);
	return end_us >= asked_us && end_us <= answered_us ? end_us : answered_us;
}

static enum freeze_event release(struct freeze *freeze)
{
	bool ended = false;
	gint64 asked_us = g_get_real_time();
	/* If this cannot end the pause, QEMU's limit ends it. */
	bool asked = oops_pause_end(freeze->domain, &ended, NULL);
	gint64 answered_us = g_get_real_time();
	enum freeze_end end = asked && ended ? FREEZE_END_OURS : end_of_pause(freeze);
	gint64 thawed_us = 0;

	if (end == FREEZE_END_OURS)
		thawed_us = release_time(freeze, asked_us, answered_us);
	g_mutex_lock(&freeze->mutex);
	freeze->times.end = end;
	if (end == FREEZE_END_OURS) {
		freeze->times.thawed_us = thawed_us;
		freeze->times.duration_us = thawed_us - freeze->oops_us;
	}
	g_mutex_unlock(&freeze->mutex);
	return FREEZE_EVENT_ENDED;
}

/* --- the thread --- */

static void *freeze_thread(void *pointer)
{
	/* The action of each state; its event leads to the next state. */
	static enum freeze_event (*const acts[FREEZE_NUM_STATES])(struct freeze * freeze) = {
		[FREEZE_STATE_NEW] = prepare,	     [FREEZE_STATE_ANNOUNCED] = wait_for_go,
		[FREEZE_STATE_SUSPENDING] = suspend, [FREEZE_STATE_FROZEN] = stand,
		[FREEZE_STATE_THAWING] = thaw,	     [FREEZE_STATE_HELD] = stand,
		[FREEZE_STATE_RELEASING] = release,
	};
	struct freeze *freeze = pointer;
	enum freeze_state state = FREEZE_STATE_NEW;

	while (!is_over(state))
		state = step(freeze, acts[state](freeze));
	if (freeze->pauses)
		pauses_forget(freeze->pauses, freeze->uuid);
	/* Releases the lock: the guard owns what was given to it. */
	g_clear_pointer(&freeze->record, freeze_record_free);
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
	/* The thread may outlive its owner, and the daemon's end. */
	freeze->guard = guard_ref(plan->guard);
	freeze->pauses = plan->pauses ? pauses_ref(plan->pauses) : NULL;
	freeze->runtime_directory = g_strdup(plan->runtime_directory);
	freeze->budget_ms = plan->budget_ms;
	freeze->deadline_ms = plan->deadline_ms;
	freeze->oops_us = plan->oops_us;
	freeze->oops_registers = g_strdup(plan->oops_registers);
	freeze->outcome = FREEZE_FAILED;
	virDomainGetUUIDString(plan->domain, freeze->uuid);

	thread = g_thread_try_new("freeze", freeze_thread, g_atomic_rc_box_acquire(freeze), &error);
	if (thread == NULL) {
		step(freeze, refuse(freeze, FREEZE_FAILED, error));
		g_atomic_rc_box_release_full(freeze, freeze_clear); /* the thread's */
	} else {
		g_thread_unref(thread);
	}
	return freeze;
}

/* --- the owner --- */

void freeze_go(struct freeze *freeze)
{
	g_mutex_lock(&freeze->mutex);
	freeze->wish = MAX(freeze->wish, WISH_FREEZE);
	g_cond_broadcast(&freeze->changed);
	g_mutex_unlock(&freeze->mutex);
}

enum freeze_outcome freeze_wait(struct freeze *freeze, GError **error)
{
	gint64 until = g_get_monotonic_time() + (gint64)freeze->deadline_ms * 1000;
	enum freeze_outcome outcome = FREEZE_FAILED;

	g_mutex_lock(&freeze->mutex);
	while (!is_decided(freeze->state) &&
	       g_cond_wait_until(&freeze->changed, &freeze->mutex, until))
		;
	if (!is_decided(freeze->state)) {
		freeze->wish = WISH_THAW; /* if the call succeeds later, it is undone at once */
		g_cond_broadcast(&freeze->changed);
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
	while (freeze->registers == NULL && freeze->registers_error == NULL &&
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
	freeze->wish = WISH_THAW;
	freeze->calm = calm;
	g_cond_broadcast(&freeze->changed);
	if (is_decided(freeze->state) && freeze->outcome == FREEZE_FROZEN) {
		while (!is_over(freeze->state) &&
		       g_cond_wait_until(&freeze->changed, &freeze->mutex, until))
			;
		thawed = is_over(freeze->state) &&
			 (freeze->times.thawed_us != 0 || freeze->times.end != FREEZE_END_OURS);
		if (!is_over(freeze->state))
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
