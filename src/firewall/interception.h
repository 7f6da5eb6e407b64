/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interception: the firewall's table and the routes that take over hosts' connections, or answers
 * to hosts. */
#ifndef MPBRIDGE_INTERCEPTION_H
#define MPBRIDGE_INTERCEPTION_H

#include "base/loop.h"
#include "conf/conf.h"

#include <sys/types.h>

struct interception;

/* What the interception of another program needs, to go on with flows that this one took over. */
struct interception_handover {
	int claim_fd;		       /* holds the claim; -1: there was none */
	bool is_leaving;	       /* only flows that run need it; the configuration has none */
	enum conf_intercept_mode mode; /* not AUTO */
	struct conf_intercept needed;  /* interfaces and local_output, of which there are flows */
	uint32_t mark; /* of a client's `intercept`, of a server's `transparent_mark` */
};

/*
 * What of it a configuration has: a client's `intercept`, a server's `transparent_source`. Claims
 * it for this process, of which there is one of each role in a network namespace, and finds out
 * whether it can be done, and by which means; nothing is taken over yet. What a killed process of
 * ours left is removed, or, with such a configuration, used until it is replaced. 0: *out is it, or
 * NULL where the configuration has neither. A failure has been logged:
 * -EBUSY, -ENOENT (there is no nft), -EINVAL (it refused), another -errno. `user` is the workers'.
 */
int interception_open(struct interception **out, const struct conf *conf, uid_t user);

/*
 * The same with what the program which ran in this process before has handed over: its claim, and
 * rules for its flows. What is in the kernel stays until it is replaced or interception_close()
 * removes it. Where the configuration has none, *out is one that is leaving, or NULL if there was
 * none.
 */
int interception_continue(struct interception **out, const struct conf *conf, uid_t user,
			  const struct interception_handover *from);

/* Writes what interception_continue() needs; of NULL, that there was none. */
void interception_hand_over(const struct interception *interception,
			    struct interception_handover *out);

/* Whether interception_continue() could do it, changing nothing. 0 or -errno, which has been
 * logged. */
int interception_try(const struct conf *conf, uid_t user, const struct interception_handover *from);

/*
 * Takes over from now on, and watches that it stays so. A client's listening sockets have to be
 * there; a server has no flow yet. 0 or -errno, which has been logged.
 */
int interception_start(struct interception *interception, struct loop *loop);

/*
 * Whether it could go on with this configuration, for which conf_has_rules() is true. 0 or -errno,
 * which has been logged; -EINVAL: nft refused it, or it has another mode, which takes a restart.
 */
int interception_check(const struct interception *interception, const struct conf *conf);

/* Intercepts by this configuration from now on, which has been checked; also one that was leaving.
 */
void interception_change(struct interception *interception, const struct conf *conf, uid_t user);

/* Flows that were taken over by what earlier configurations had have ended. Harmless on NULL. */
void interception_forget(struct interception *interception);

/* Lets new connections go, and keeps those that run. Harmless on NULL, and before the start. */
void interception_leave(struct interception *interception);

/* Whether only flows that run need it. False for NULL. */
bool interception_is_leaving(const struct interception *interception);

/* Removes all that was made, and frees. Harmless on NULL. */
void interception_close(struct interception *interception);

/* What status tells. */
struct interception_report {
	enum conf_intercept_mode mode; /* not AUTO */
	bool is_complete;	       /* all is in the kernel as it should be */
	uint64_t n_restored;	       /* how often somebody else's change was undone */
};
void interception_report(const struct interception *interception, struct interception_report *out);

#endif
