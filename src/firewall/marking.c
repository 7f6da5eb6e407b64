/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marking: the packets of paths with "dscp" are marked with it. */
#include "firewall/marking.h"

#include "base/log.h"
#include "firewall/marks.h"
#include "firewall/nft.h"
#include "firewall/upkeep.h"
#include "kernel/claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. The table (marks.c) is a text that only another configuration changes;
 * upkeep.c sees to it that nobody else does. It is a table of its own, and not a chain of the
 * interception's: that one is there without any marking, lives on for flows that run, and cannot be
 * in two modes. As with that one, who holds the claim owns the table, and what is found by the one
 * who gets the claim, nobody needs.
 */

#define TOPIC "dscp"
#define KEY   "dscp"

static const char *const claims[] = {
	[CONF_CLIENT] = "mpbridge.dscp", [CONF_SERVER] = "mpbridge.dscp.server"};

struct marking {
	enum conf_role role;
	char *wanted; /* the text of the table; NULL: there is to be none */
	bool was_there;
	bool is_complete;
	int claim_fd;	   /* -1: not claimed */
	struct loop *loop; /* NULL: not started */
	struct timer check;
	struct upkeep table;
};

/* *text is NULL if the configuration marks nothing. */
static int text_of(const struct conf *conf, char **text)
{
	*text = conf_has_marks(conf) ? marks_text(conf) : NULL;
	return conf_has_marks(conf) && !*text ? -ENOMEM : 0;
}

/* ---- following ---- */

static void check_in(struct marking *marking, uint32_t delay_ms)
{
	uint64_t due_ms = marking->loop->now_ms + delay_ms;

	if (!timer_is_armed(&marking->check) || due_ms < marking->check.due_ms)
		timer_arm(&marking->loop->timers, &marking->check, due_ms);
}

static void let_go(struct marking *marking)
{
	if (marking->claim_fd >= 0)
		close(marking->claim_fd);
	marking->claim_fd = -1;
}

/* What is there and whose it is go together: who has no claim leaves the table alone. */
static void end_marking(struct marking *marking)
{
	if (marking->claim_fd >= 0)
		upkeep_remove(&marking->table);
	let_go(marking);
	timer_cancel(&marking->loop->timers, &marking->check);
	marking->is_complete = true;
}

static void follow(struct marking *marking)
{
	int error;

	if (!marking->wanted) {
		end_marking(marking);
		return;
	}
	error = upkeep_follow(&marking->table, marking->wanted);
	marking->is_complete = error == 0;
	if (error == 0)
		return;
	log_warning(TOPIC ": packets are not marked: %s; trying again", strerror(-error));
	check_in(marking, UPKEEP_RETRY_MS);
}

static void on_check(struct timer *timer)
{
	follow(container_of(timer, struct marking, check));
}

static void on_touched(struct upkeep *table, uint32_t delay_ms)
{
	struct marking *marking = container_of(table, struct marking, table);

	if (marking->wanted)
		check_in(marking, delay_ms);
}

/* ---- opening and closing ---- */

static int ask_nft(const char *text)
{
	char complaint[256];
	int error = nft_run(text, true, complaint);

	if (error < 0)
		nft_complain(KEY, error, complaint);
	return error;
}

static int claim(struct marking *marking)
{
	int fd;

	if (marking->claim_fd >= 0)
		return 0;
	fd = upkeep_claim(claims[marking->role]);
	if (fd == -EBUSY)
		log_error("another mpbridge in this network namespace has paths with \"dscp\" "
			  "already; mpbridge status shows it");
	else if (fd < 0)
		log_error("cannot mark packets: %s", strerror(-fd));
	marking->claim_fd = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

/* Of a process that was killed, and had it in its configuration. That may have been of the other
 * role, and need not be started here again. */
static void sweep(enum conf_role role)
{
	int fd = claim_take(claims[role]);

	if (fd < 0)
		return; /* it belongs to a living one */
	nft_remove(marks_table(role));
	close(fd);
}

static struct marking *allocate(enum conf_role role, bool was_there)
{
	struct marking *marking = calloc(1, sizeof(*marking));

	if (!marking)
		return NULL;
	marking->role = role;
	marking->was_there = was_there;
	marking->claim_fd = -1;
	timer_init(&marking->check, on_check);
	upkeep_init(&marking->table, marks_table(role), TOPIC, KEY, on_touched);
	return marking;
}

static int set_up(struct marking *marking, const struct conf *conf)
{
	int error = text_of(conf, &marking->wanted);

	if (error < 0)
		return error;
	/* others may be upgraded together with us, and have no claim for a moment */
	if (!marking->was_there)
		sweep(marking->role == CONF_CLIENT ? CONF_SERVER : CONF_CLIENT);
	if (!marking->wanted) {
		sweep(marking->role);
		return 0;
	}
	error = claim(marking);
	return error < 0 ? error : ask_nft(marking->wanted);
}

int marking_open(struct marking **out, const struct conf *conf, bool was_there)
{
	struct marking *marking = allocate(conf->role, was_there);
	int error = marking ? set_up(marking, conf) : -ENOMEM;

	*out = NULL;
	if (error < 0)
		marking_close(marking);
	else
		*out = marking;
	return error;
}

void marking_start(struct marking *marking, struct loop *loop)
{
	int error;

	marking->loop = loop;
	error = upkeep_start(&marking->table, loop);
	if (error < 0)
		log_warning(TOPIC ": nobody tells who changes table inet %s: %s",
			    marks_table(marking->role), strerror(-error));
	follow(marking);
}

int marking_check(struct marking *marking, const struct conf *conf)
{
	char *text;
	int error = text_of(conf, &text);

	if (error < 0 || !text)
		return error;
	error = claim(marking);
	if (error == 0)
		error = ask_nft(text);
	free(text);
	return error;
}

void marking_keep(struct marking *marking)
{
	if (!marking->wanted)
		let_go(marking);
}

void marking_change(struct marking *marking, const struct conf *conf)
{
	char *text;

	if (text_of(conf, &text) < 0) {
		log_error(TOPIC ": no memory: packets are marked as before");
		return;
	}
	free(marking->wanted);
	marking->wanted = text;
	follow(marking);
}

int marking_try(const struct conf *conf)
{
	char *text;
	int error = text_of(conf, &text);

	if (error == 0 && text)
		error = ask_nft(text);
	free(text);
	return error;
}

void marking_close(struct marking *marking)
{
	if (!marking)
		return;
	/* what a killed one left is to stay for the next start, if this one has not begun */
	if (marking->claim_fd >= 0 && (marking->loop || marking->was_there))
		upkeep_remove(&marking->table);
	if (marking->loop)
		timer_cancel(&marking->loop->timers, &marking->check);
	let_go(marking);
	upkeep_exit(&marking->table);
	free(marking->wanted);
	free(marking);
}

void marking_report(const struct marking *marking, struct marking_report *out)
{
	*out = (struct marking_report){
		.is_wanted = marking->wanted,
		.is_complete = marking->is_complete,
		.n_restored = marking->table.n_restored,
	};
}
