/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event loop: epoll, timers, and work put off to the end of a batch. */
#include "base/loop.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/*
 * Theory of operation. One turn is: wait, take the time, hand each event to its watch, run the
 * timers, run the tasks. Nothing that has a watch is freed inside a turn but from a task, so that
 * an event of the same batch never meets freed memory: an owner that is finished calls loop_close()
 * on its watches (an event that comes later in the batch then finds fd -1 and is dropped) and puts
 * a task. Nor does an event meet another descriptor than it was meant for: one that a watch got in
 * this batch hears nothing before the next, and epoll tells then what is the case.
 */

#define BATCH	     256
#define WATCH_EVENTS (EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET)

uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int loop_init(struct loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->is_stopping = false;
	loop->turn = 0;
	loop->now_ms = clock_ms();
	timer_wheel_init(&loop->timers, loop->now_ms);
	list_init(&loop->tasks);
	return 0;
}

void loop_exit(struct loop *loop)
{
	close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

static int watch_fd(struct loop *loop, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	watch->fd = -1;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	watch->fd = fd;
	watch->since_turn = loop->turn;
	return 0;
}

int loop_watch(struct loop *loop, struct watch *watch, int fd)
{
	return watch_fd(loop, watch, fd, WATCH_EVENTS);
}

int loop_watch_messages(struct loop *loop, struct watch *watch, int fd)
{
	return watch_fd(loop, watch, fd, EPOLLIN);
}

int loop_watch_level(struct loop *loop, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (watch->fd != fd)
		return watch_fd(loop, watch, fd, events);
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

int loop_move(struct loop *loop, struct watch *from, struct watch *to)
{
	struct epoll_event event = {.events = WATCH_EVENTS, .data.ptr = to};

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, from->fd, &event) < 0)
		return -errno;
	to->fd = from->fd;
	to->since_turn = loop->turn;
	from->fd = -1;
	return 0;
}

void loop_close(struct loop *loop, struct watch *watch)
{
	int fd = watch->fd;

	if (fd < 0)
		return;
	/* close() alone leaves it registered while another process holds the same description */
	loop_unwatch(loop, watch);
	close(fd);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	if (watch->fd >= 0)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
}

void task_init(struct task *task, void (*run)(struct task *task))
{
	list_init(&task->node);
	task->run = run;
}

void loop_put(struct loop *loop, struct task *task)
{
	if (!list_is_linked(&task->node))
		list_append(&loop->tasks, &task->node);
}

static void run_tasks(struct loop *loop)
{
	struct list batch;

	if (list_is_empty(&loop->tasks))
		return;
	batch = loop->tasks;
	batch.next->prev = &batch;
	batch.prev->next = &batch;
	list_init(&loop->tasks);
	while (!list_is_empty(&batch)) {
		struct task *task = container_of(batch.next, struct task, node);

		list_remove(&task->node);
		task->run(task);
	}
}

static int sleep_ms(const struct loop *loop)
{
	return list_is_empty(&loop->tasks) ? timer_wheel_sleep_ms(&loop->timers, clock_ms()) : 0;
}

static void turn(struct loop *loop, const struct epoll_event *events, int count)
{
	loop->now_ms = clock_ms();
	loop->turn++;
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->fd >= 0 && watch->since_turn != loop->turn)
			watch->on_event(watch, events[i].events);
	}
	timer_wheel_run(&loop->timers, loop->now_ms);
	run_tasks(loop);
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[BATCH];

	while (!loop->is_stopping) {
		int count = epoll_wait(loop->epoll_fd, events, BATCH, sleep_ms(loop));

		if (count < 0 && errno != EINTR)
			return -errno;
		turn(loop, events, count < 0 ? 0 : count);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}
