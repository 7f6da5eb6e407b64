/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upkeep: a table of ours stays in the kernel as it was written, whoever changes it. */
#include "firewall/upkeep.h"

#include "firewall/nft.h"
#include "kernel/claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * Theory of operation. Whether the table is as it should be is told by comparing what nft lists
 * with what it listed right after it had been written: whoever changed it, and whatever was
 * changed, it is then written anew as a whole. Somebody who removes it again and again is answered
 * once a second.
 */

#define FIGHT_MS       10000u
#define FIGHT_MOST     10u
#define CLAIM_PAUSE_MS 50u /* who only sweeps has the claim for as long as nft takes */
#define CLAIM_ATTEMPTS 20

/* ---- the table ---- */

static int write_table(struct upkeep *upkeep, const char *text)
{
	char complaint[256];
	int error = nft_run(text, false, complaint);

	if (error < 0) {
		nft_complain(upkeep->key, error, complaint);
		return error;
	}
	free(upkeep->listing);
	upkeep->listing = nft_list(upkeep->heard.table);
	return upkeep->listing ? 0 : -EINVAL;
}

static bool is_intact(const struct upkeep *upkeep)
{
	char *now = nft_list(upkeep->heard.table);
	bool is_same = now && upkeep->listing && strcmp(now, upkeep->listing) == 0;

	free(now);
	return is_same;
}

static void tell_restored(struct upkeep *upkeep)
{
	uint32_t more;

	upkeep->n_restored++;
	upkeep->n_lately++;
	if (!log_limit_pass(&upkeep->told, upkeep->loop->now_ms, FIGHT_MS, &more))
		return;
	log_warning("%s: table inet %s was changed by %s (pid %u), and is put back%s",
		    upkeep->topic, upkeep->heard.table,
		    upkeep->heard.program[0] ? upkeep->heard.program : "another program",
		    upkeep->heard.pid, more ? "; it is not the first time" : "");
}

int upkeep_follow(struct upkeep *upkeep, const char *text)
{
	bool is_new = !upkeep->text || strcmp(upkeep->text, text) != 0;
	bool is_broken = !is_new && upkeep->heard.has_changed && !is_intact(upkeep);
	char *copy;
	int error;

	upkeep->heard.has_changed = false;
	if (!is_new && !is_broken)
		return 0;
	if (is_broken)
		tell_restored(upkeep);
	copy = strdup(text);
	error = copy ? write_table(upkeep, text) : -ENOMEM;
	if (error < 0) {
		free(copy);
		upkeep->heard.has_changed = true;
		return error;
	}
	free(upkeep->text);
	upkeep->text = copy;
	return 0;
}

static void forget(struct upkeep *upkeep)
{
	free(upkeep->text);
	free(upkeep->listing);
	upkeep->text = upkeep->listing = NULL;
}

void upkeep_remove(struct upkeep *upkeep)
{
	nft_remove(upkeep->heard.table);
	forget(upkeep);
}

/* ---- who touches it ---- */

static uint32_t pause_ms(struct upkeep *upkeep)
{
	if (upkeep->loop->now_ms >= upkeep->fight_ms + FIGHT_MS) {
		upkeep->fight_ms = upkeep->loop->now_ms;
		upkeep->n_lately = 0;
	}
	return upkeep->n_lately >= FIGHT_MOST ? UPKEEP_RETRY_MS : 0;
}

static void on_events(struct watch *watch, uint32_t events)
{
	struct upkeep *upkeep = container_of(watch, struct upkeep, events);
	int error = nftables_read_events(watch->fd, &upkeep->heard);

	(void)events;
	if (error < 0)
		upkeep->heard.has_changed = true; /* some are lost */
	if (upkeep->heard.has_changed)
		upkeep->on_touched(upkeep, pause_ms(upkeep));
}

void upkeep_init(struct upkeep *upkeep, const char *table, const char *topic, const char *key,
		 void (*on_touched)(struct upkeep *upkeep, uint32_t delay_ms))
{
	*upkeep = (struct upkeep){
		.topic = topic,
		.key = key,
		.on_touched = on_touched,
		.events = {.fd = -1, .on_event = on_events},
		.heard = {.table = table},
	};
}

int upkeep_start(struct upkeep *upkeep, struct loop *loop)
{
	int fd = nftables_open_events();
	int error;

	upkeep->loop = loop;
	error = fd < 0 ? fd : loop_watch_messages(loop, &upkeep->events, fd);
	if (error < 0 && fd >= 0)
		close(fd);
	return error;
}

void upkeep_exit(struct upkeep *upkeep)
{
	if (upkeep->loop)
		loop_close(upkeep->loop, &upkeep->events);
	forget(upkeep);
}

/* ---- whose it is ---- */

int upkeep_claim(const char *name)
{
	const struct timespec pause = {.tv_nsec = CLAIM_PAUSE_MS * 1000000L};
	int fd = claim_take(name);

	for (int i = 0; i < CLAIM_ATTEMPTS && fd == -EBUSY; i++) {
		nanosleep(&pause, NULL);
		fd = claim_take(name);
	}
	return fd;
}
