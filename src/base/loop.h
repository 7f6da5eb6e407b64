/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event loop: epoll, timers, and work put off to the end of a batch. */
#ifndef MPBRIDGE_LOOP_H
#define MPBRIDGE_LOOP_H

#include "base/list.h"
#include "base/timer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* A descriptor in the loop. It lies inside its owner, which container_of() finds. */
struct watch {
	int fd; /* -1: not watched */
	void (*on_event)(struct watch *watch, uint32_t events);
	uint32_t since_turn; /* loop.c's: when it got this descriptor */
};

/* Something to do after the events at hand: free what an event finished, or go on with a long job.
 */
struct task {
	struct list node;
	void (*run)(struct task *task);
};

struct loop {
	int epoll_fd;
	bool is_stopping;
	uint64_t now_ms; /* CLOCK_MONOTONIC, taken once per batch */
	uint32_t turn;	 /* counts the batches */
	struct timer_wheel timers;
	struct list tasks;
};

/* 0 or -errno. */
int loop_init(struct loop *loop);
void loop_exit(struct loop *loop);

/*
 * Registers fd once, for EPOLLIN, EPOLLPRI, EPOLLOUT and EPOLLRDHUP, edge-triggered: a handler
 * reads and writes until EAGAIN, or puts a task to go on later. 0 or -errno; the watch then stays
 * unwatched.
 */
int loop_watch(struct loop *loop, struct watch *watch, int fd);

/* The same, level-triggered and for EPOLLIN alone: for descriptors that carry messages. */
int loop_watch_messages(struct loop *loop, struct watch *watch, int fd);

/*
 * Level-triggered, for `events`, or none; again on a watched one changes what for. For descriptors
 * of a library that says itself what it waits for. 0 or -errno.
 */
int loop_watch_level(struct loop *loop, struct watch *watch, int fd, uint32_t events);

/*
 * The descriptor of `from`, which loop_watch() registered, becomes that of `to`, which had none. An
 * edge that is there already is told again. 0 or -errno.
 */
int loop_move(struct loop *loop, struct watch *from, struct watch *to);

/* Takes the descriptor out of the loop and closes it. Harmless on an unwatched one. */
void loop_close(struct loop *loop, struct watch *watch);

/* Takes it out of the loop and leaves it open: somebody else closes it. */
void loop_unwatch(struct loop *loop, struct watch *watch);

void task_init(struct task *task, void (*run)(struct task *task));

/* Runs the task once, after the events at hand; a task put from a task runs in the next batch. */
void loop_put(struct loop *loop, struct task *task);

/* Until loop_stop(). 0 or -errno from epoll_wait(). */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* CLOCK_MONOTONIC in milliseconds. */
uint64_t clock_ms(void);

#endif
