/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Yielding: the scavenger and those whom it concerns. */
#include "paths/yielding.h"

#include "base/log.h"
#include "paths/congestion.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. The scavenger is loaded when the first path is secondary, and stays until
 * the end. When it leaves a path to others it says so: a client tells the path's monitor, and a
 * server notes it for the client's next greeting, for the client alone decides what becomes of
 * paths. Until it has heard, a server does what it will decide: the path is a backup.
 */

static void on_client_yield(struct yielding *yielding, const struct address *local,
			    const struct address *remote, uint64_t until_ms)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *monitor = &yielding->monitors->monitor[i];

		if (monitor->all && address_ip_equal(&monitor->way.local, local) &&
		    address_ip_equal(&monitor->way.server, remote))
			monitor_yield(monitor, until_ms);
	}
}

static void on_yield(void *owner, const struct address *local, const struct address *remote,
		     uint64_t until_ms)
{
	struct yielding *yielding = owner;

	if (yielding->monitors)
		on_client_yield(yielding, local, remote, until_ms);
	else if (spares_yield(yielding->spares, local, remote, yielding->loop->now_ms, until_ms))
		yielding->on_change(yielding);
}

static void on_news(struct watch *watch, uint32_t events)
{
	struct yielding *yielding = container_of(watch, struct yielding, watch);

	(void)events;
	scavenger_read(yielding->scavenger, on_yield, yielding);
}

/* The loop closes what it watches. */
static void watch_news(struct yielding *yielding)
{
	int fd, error;

	if (!yielding->scavenger || !yielding->loop)
		return;
	fd = fcntl(scavenger_fd(yielding->scavenger), F_DUPFD_CLOEXEC, 0);
	yielding->watch = (struct watch){.fd = -1, .on_event = on_news};
	error = fd < 0 ? -errno : loop_watch_messages(yielding->loop, &yielding->watch, fd);
	if (!error)
		return;
	log_warning("cannot listen to the scavenger: %s", strerror(-error));
	if (fd >= 0)
		close(fd);
}

static const char *why_not(int error)
{
	switch (error) {
	case -ENOTSUP:
		return "this kernel, or this program, has no BPF for it";
	case -EPERM:
		return "it needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN";
	default:
		return strerror(-error);
	}
}

void yielding_prepare(struct yielding *yielding, const struct paths *paths)
{
	int error;

	if (yielding->has_tried || !congestion_wants_scavenger(paths))
		return;
	yielding->has_tried = true;
	error = scavenger_open(&yielding->scavenger);
	if (error) {
		yielding->scavenger = NULL;
		log_warning("secondary links are watched from time to time only, and others lose "
			    "more to us: no scavenger (%s)",
			    why_not(error));
		return;
	}
	log_info("secondary links: what others leave is found by %s",
		 scavenger_name(yielding->scavenger));
	watch_news(yielding);
}

const char *yielding_congestion(const struct yielding *yielding)
{
	return yielding->scavenger ? scavenger_name(yielding->scavenger) : NULL;
}

/* ---- what is set aside ---- */

uint64_t yielding_set_aside(const struct yielding *yielding, const struct mptcp_endpoints *ours,
			    struct paths *paths)
{
	uint64_t first_ms = 0;

	for (unsigned i = 0; i < paths->n && yielding->loop; i++) {
		struct path *path = &paths->path[i];
		uint64_t until_ms =
			spares_aside_ms(yielding->spares, &path->local, yielding->loop->now_ms);

		if (!until_ms || !mptcp_endpoint_at(ours, &path->local))
			continue;
		path->is_backup = true;
		if (!first_ms || until_ms < first_ms)
			first_ms = until_ms;
	}
	return first_ms;
}

/* ---- what there is to say ---- */

static void add_way(const struct yielding *yielding, const struct address *local,
		    const struct address *remote, struct report_yield *out)
{
	struct scavenger_path way;

	if (!yielding->scavenger || scavenger_look(yielding->scavenger, local, remote, &way) < 0)
		return;
	out->capacity += way.capacity;
	out->others += way.others;
	out->queue_us = way.queue_us > out->queue_us ? way.queue_us : out->queue_us;
	out->times += way.yields;
	out->left_ms += way.yielded_ms;
	out->is_yielding = out->is_yielding || way.until_ms > yielding->loop->now_ms;
}

static void report_monitor(const struct yielding *yielding, const struct monitor *monitor,
			   struct report_path *path)
{
	struct report_yield *out = &path->yield;

	add_way(yielding, &path->local, &path->server, out);
	out->has_scavenger = monitor->courtesy.has_scavenger;
	out->has_far_scavenger = monitor->courtesy.has_far_scavenger;
	out->is_yielding = monitor->health.is_yielding;
	out->times = monitor->courtesy.yield.times;
	out->left_ms = yield_left_ms(&monitor->courtesy.yield, yielding->loop->now_ms);
}

void yielding_report(const struct yielding *yielding, const struct monitor *monitor,
		     struct report_path *path)
{
	if (monitor && monitor->courtesy.is_secondary)
		report_monitor(yielding, monitor, path);
	if (!monitor)
		path->yield.has_scavenger = yielding->scavenger;
	for (unsigned i = 0; !monitor && i < yielding->spares->n; i++) {
		const struct spare *spare = &yielding->spares->item[i];

		if (!address_ip_equal(&spare->local, &path->local) ||
		    spare_is_silent(spare, yielding->loop->now_ms))
			continue;
		path->role = CONF_SECONDARY;
		add_way(yielding, &spare->local, &spare->remote, &path->yield);
	}
}

void yielding_start(struct yielding *yielding, struct loop *loop)
{
	yielding->loop = loop;
	watch_news(yielding);
}

void yielding_stop(struct yielding *yielding)
{
	if (yielding->scavenger && yielding->loop)
		loop_close(yielding->loop, &yielding->watch);
	scavenger_close(yielding->scavenger);
	yielding->scavenger = NULL;
}
