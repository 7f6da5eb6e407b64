/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Monitors: a client's watch over its paths, one for each, by greetings and by what flows tell. */
#ifndef MPBRIDGE_MONITOR_H
#define MPBRIDGE_MONITOR_H

#include "base/log.h"
#include "paths/asking.h"
#include "paths/board.h"
#include "paths/courtesy.h"
#include "paths/guard.h"
#include "paths/health.h"
#include "paths/knock.h"
#include "paths/path.h"

#define MONITORS_MAX                                                                               \
	(2 * BOARD_PATHS_MAX) /* those of paths that went away are kept for a while                \
			       */
#define MONITOR_KNOCKS 8

struct monitors;

struct monitor {
	struct monitors *all; /* NULL: the place is free */
	struct knock_way way;
	uint8_t place;	  /* of the path on the board */
	uint8_t router;	  /* the far router that it leads to */
	bool is_follower; /* its subflows follow the server's announcements */
	struct health health;
	struct guard_entry guard;
	struct courtesy courtesy;
	/* failover.c's: when it was last marked as a backup again, and when its subflows may next
	 * be made again, and how long after that */
	bool has_kept;	    /* it came back first, with the subflows that it had */
	uint64_t aside_ms;  /* guarded since then, and its subflows not made anew yet; 0: done */
	bool is_waiting;    /* down, and not left yet: connections have nowhere to go */
	uint64_t closed_ms; /* when its subflows were last closed; 0: never */
	uint64_t needed_ms; /* its subflows would be made anew, but flows have no other; 0: no */
	uint64_t marked_ms, renew_ms, renew_pause_ms;
	uint64_t back_ms; /* when the server last answered GREETING_BACK; 0: never */
	/* the rest is monitor.c's own */
	struct knock knock[MONITOR_KNOCKS];
	unsigned next_knock;
	struct timer timer;
	struct asking asking;
	uint64_t renew_at_ms; /* see monitor_renew_later(); 0: not */
	uint64_t open_at_ms;  /* see monitor_shut(); 0: it is open */
	bool was_urgent;      /* told */
	bool has_told;	      /* the suspicion that there is, or was before this state */
	struct log_limit suspicions;
	struct log_limit yields; /* lines that tell that it is left to others */
	bool is_unanswered;	 /* the server says nothing to them */
	bool is_unwanted;	 /* the server ends our greetings: it does not let us in */
};

struct monitors {
	struct loop *loop;
	const struct board *board;
	const struct codec *codec; /* set by the owner: how greetings are sealed */
	uint16_t server_port;
	bool is_late; /* paths that come from now on have to answer before they are used */
	uint64_t instance[CONF_SERVERS_MAX]; /* of each far router; 0: unknown */
	struct monitor monitor[MONITORS_MAX];
	/* Set by the owner. A path's state or reason has changed, or it is shut no more; `before`
	 * was shown until now. */
	void (*on_change)(struct monitors *monitors, struct monitor *monitor,
			  enum health_state before);
	/* What monitor_renew_later() was called for: the path's subflows are to be made anew, or,
	 * if it is down, to be closed. */
	void (*on_renew)(struct monitors *monitors, struct monitor *monitor);
	/* COURTESY_RENEW, COURTESY_DERIVE, or both. */
	void (*on_courtesy)(struct monitors *monitors, struct monitor *monitor, unsigned news);
	/* The far router is another one, since gone_ms: what was connected to it by then is gone.
	 */
	void (*on_new_instance)(struct monitors *monitors, uint8_t router, uint64_t gone_ms);
};

/* Of zeroes whose handlers are set. */
void monitors_start(struct monitors *monitors, struct loop *loop, const struct board *board,
		    uint16_t server_port);

/*
 * From now on these paths are watched. One that is there no more is ABSENT, for the reason that
 * why(context, interface) gives; its monitor is kept, for the path may come back. place(context,
 * path) is the path's place on the board.
 */
struct monitor_questions {
	enum health_reason (*why)(void *context, const char *interface);
	uint8_t (*place)(void *context, const struct path *path);
	void *context;
};
void monitors_follow(struct monitors *monitors, const struct paths *paths,
		     const struct monitor_questions *questions);

/* NULL: the path is not watched. */
struct monitor *monitors_find(struct monitors *monitors, const struct path *path);

/* The monitor of the path that has this place now; NULL: there is none. */
struct monitor *monitors_at(struct monitors *monitors, uint8_t place);

/* Flows say DOUBT_SILENT or DOUBT_STUCK of the path. It is asked at once. */
void monitor_doubt(struct monitor *monitor, enum doubt doubt);

/* When packets last went both ways, as far as greetings or flows have told. */
uint64_t monitor_proven_ms(const struct monitor *monitor);

/* What the guard thinks of it. */
void monitor_set_guarded(struct monitor *monitor, bool is_guarded);

/* Our scavenger leaves the path to others until then. */
void monitor_yield(struct monitor *monitor, uint64_t until_ms);

/* Whether any flow has moved bytes in the last seconds. */
bool monitors_are_busy(const struct monitors *monitors);

/* Says something over this path, beside the questions; nobody is told whether it arrived. */
void monitor_say(struct monitor *monitor, enum greeting_kind kind, const struct address *about);

/*
 * Whether a greeting of that kind about this path may be under way: GREETING_LOST, which other
 * paths carry, or what it carries itself. For three seconds at the most.
 */
bool monitor_is_said(const struct monitor *monitor, enum greeting_kind kind);

/* Whether another path to the same far router carries. */
bool monitors_have_other(const struct monitors *monitors, const struct monitor *but);

/* Has on_renew() called after delay_ms; or no more. */
void monitor_renew_later(struct monitor *monitor, uint32_t delay_ms);
void monitor_renew_not(struct monitor *monitor);

/*
 * For so long new connections begin elsewhere if they can. on_change() is called when that is over,
 * not when it begins.
 */
void monitor_shut(struct monitor *monitor, uint32_t for_ms);
bool monitor_is_shut(const struct monitor *monitor);

/* Harmless on those that were not started. */
void monitors_stop(struct monitors *monitors);

#endif
