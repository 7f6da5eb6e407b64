/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket: who may asks there how the daemon is, and gets one JSON document. */
#include "daemon/control.h"

#include "base/log.h"
#include "daemon/answer.h"
#include "daemon/rendezvous.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Theory of operation. A peer has a place, a line that it may write and the answer that it is being
 * sent. Whatever it does it cannot make the supervisor wait: no descriptor blocks, a peer is done
 * with when its answer is written or its time is over, there are PEERS_MAX places, and who comes
 * when all are taken gets that of the one who came first. A place that changes hands while events
 * of its old peer are still in the batch at hand does no harm: a handler reads and writes until
 * EAGAIN.
 *
 * The file is for this daemon's user alone, and root; whoever is let in by another way (a changed
 * mode, a descriptor that was passed on) is still asked who it is.
 */

#define PEERS_MAX  8
#define ACCEPT_MAX 32 /* in one go; the rest after the events at hand */
#define PEER_MS	   3000

struct peer {
	struct control *control;
	struct watch watch; /* fd -1: the place is free */
	struct timer deadline;
	uint64_t order; /* of its coming */
	char line[QUESTION_BYTES];
	size_t n_read;
	char *answer; /* NULL: its question is not complete */
	size_t answer_bytes, n_sent;
};

struct control {
	struct loop *loop;
	struct rendezvous own;
	struct answer_subject subject;
	control_on_reload *on_reload;
	void *owner;
	struct watch listener;
	struct task more; /* to accept */
	uint64_t n_accepted;
	struct peer peer[PEERS_MAX];
};

static void dismiss(struct peer *peer)
{
	timer_cancel(&peer->control->loop->timers, &peer->deadline);
	loop_close(peer->control->loop, &peer->watch);
	free(peer->answer);
	peer->answer = NULL;
}

static void on_deadline(struct timer *timer)
{
	dismiss(container_of(timer, struct peer, deadline));
}

static void send_answer(struct peer *peer)
{
	while (peer->n_sent < peer->answer_bytes) {
		ssize_t sent = send(peer->watch.fd, peer->answer + peer->n_sent,
				    peer->answer_bytes - peer->n_sent, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0)
			break;
		peer->n_sent += (size_t)sent;
	}
	dismiss(peer);
}

static char *reload(struct control *control)
{
	static struct messages errors; /* too large for a small stack */

	memset(&errors, 0, sizeof(errors));
	control->on_reload(control->owner, &errors);
	return answer_reload(&errors);
}

static void answer(struct peer *peer, enum question_verdict verdict,
		   const struct question *question)
{
	if (verdict != QUESTION_KNOWN)
		peer->answer = answer_refuse();
	else if (question->is_reload)
		peer->answer = reload(peer->control);
	else
		peer->answer = answer_make(&peer->control->subject, question);
	peer->answer_bytes = peer->answer ? strlen(peer->answer) : 0;
	peer->n_sent = 0;
}

/* Until the question is complete, or nothing is left to read. False: the peer is not there. */
static bool read_question(struct peer *peer)
{
	enum question_verdict verdict = QUESTION_PARTIAL;
	struct question question;

	while (verdict == QUESTION_PARTIAL) {
		ssize_t got = recv(peer->watch.fd, peer->line + peer->n_read,
				   sizeof(peer->line) - peer->n_read, 0);

		if (got <= 0)
			return got < 0 && errno == EAGAIN;
		peer->n_read += (size_t)got;
		verdict = question_parse(peer->line, peer->n_read, &question);
	}
	answer(peer, verdict, &question);
	return peer->answer != NULL;
}

static void on_peer(struct watch *watch, uint32_t events)
{
	struct peer *peer = container_of(watch, struct peer, watch);

	(void)events;
	if (!peer->answer && !read_question(peer))
		dismiss(peer);
	else if (peer->answer)
		send_answer(peer);
}

static bool is_permitted(int fd)
{
	struct ucred who;
	socklen_t length = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) < 0)
		return false;
	return who.uid == 0 || who.uid == geteuid();
}

/* A free place, or the one that was taken first. */
static struct peer *find_place(struct control *control)
{
	struct peer *oldest = &control->peer[0];

	for (int i = 0; i < PEERS_MAX; i++) {
		struct peer *peer = &control->peer[i];

		if (peer->watch.fd < 0)
			return peer;
		if (peer->order < oldest->order)
			oldest = peer;
	}
	dismiss(oldest);
	return oldest;
}

static void welcome(struct control *control, int fd)
{
	struct peer *peer;

	if (!is_permitted(fd)) {
		close(fd);
		return;
	}
	peer = find_place(control);
	peer->order = control->n_accepted++;
	peer->n_read = 0;
	if (loop_watch(control->loop, &peer->watch, fd) < 0)
		close(fd);
	else
		timer_arm(&control->loop->timers, &peer->deadline, clock_ms() + PEER_MS);
}

/* Edge-triggered: an accept() that fails for want of descriptors is tried again with the next
 * connection, and not in a circle. */
static void accept_peers(struct control *control)
{
	for (int i = 0; i < ACCEPT_MAX; i++) {
		int fd = accept4(control->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		welcome(control, fd);
	}
	loop_put(control->loop, &control->more);
}

static void on_listener(struct watch *watch, uint32_t events)
{
	(void)events;
	accept_peers(container_of(watch, struct control, listener));
}

static void on_more(struct task *task)
{
	accept_peers(container_of(task, struct control, more));
}

static int open_listener(struct control *control, int handed_fd)
{
	enum conf_role role = control->subject.parts->conf->role;
	int error;

	if (handed_fd < 0)
		return rendezvous_listen(role, &control->own);
	error = rendezvous_continue(role, &control->own);
	if (error < 0)
		close(handed_fd);
	return error < 0 ? error : handed_fd;
}

static int start(struct control *control, int handed_fd)
{
	int fd = open_listener(control, handed_fd);
	int error;

	if (fd < 0)
		return fd;
	error = loop_watch(control->loop, &control->listener, fd);
	if (error) {
		close(fd);
		rendezvous_remove(&control->own);
	}
	return error;
}

struct control *control_open(struct parts *parts, control_on_reload *on_reload, void *owner,
			     int handed_fd)
{
	struct control *control = calloc(1, sizeof(*control));
	int error = -ENOMEM;

	if (control) {
		control->loop = &parts->loop;
		control->on_reload = on_reload;
		control->owner = owner;
		control->subject.parts = parts;
		control->subject.started_ms = parts->board->started_ms;
		control->listener = (struct watch){.fd = -1, .on_event = on_listener};
		task_init(&control->more, on_more);
		for (int i = 0; i < PEERS_MAX; i++) {
			control->peer[i].control = control;
			control->peer[i].watch = (struct watch){.fd = -1, .on_event = on_peer};
			timer_init(&control->peer[i].deadline, on_deadline);
		}
		error = start(control, handed_fd);
	}
	if (error == 0)
		return control;
	log_warning("cannot open a control socket (%s): mpbridge status will not find this process",
		    strerror(-error));
	free(control);
	return NULL;
}

int control_listener(const struct control *control)
{
	return control ? control->listener.fd : -1;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	rendezvous_remove(&control->own);
	for (int i = 0; i < PEERS_MAX; i++)
		dismiss(&control->peer[i]);
	list_remove(&control->more.node);
	loop_close(control->loop, &control->listener);
	tally_exit(&control->subject.tally);
	free(control);
}
