/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/buffer.c, base/loop.c, base/log.c, relay/budget.c */
#include "suite.h"

#include "base/buffer.h"
#include "base/log.h"
#include "base/loop.h"
#include "relay/budget.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void buffer_takes_and_puts(void **state)
{
	struct buffer_pool pool;
	struct buffer *buffer;

	(void)state;
	buffer_pool_init(&pool);
	buffer = buffer_borrow(&pool);
	assert_int_equal(buffer_room(buffer), BUFFER_BYTES);
	buffer_put(buffer, BUFFER_BYTES);
	assert_int_equal(buffer_room(buffer), 0);
	buffer_take(buffer, 1000);
	assert_int_equal(buffer_used(buffer), BUFFER_BYTES - 1000);
	buffer_take(buffer, BUFFER_BYTES - 1000);
	assert_int_equal(buffer_room(buffer), BUFFER_BYTES); /* empty: from the start again */
	buffer_put(buffer, 7);
	buffer_return(&pool, buffer);
	assert_ptr_equal(buffer_borrow(&pool), buffer);
	assert_int_equal(buffer_used(buffer), 0);
	buffer_return(&pool, buffer);
	buffer_return(&pool, NULL);
	buffer_pool_exit(&pool);
}

static void assert_run(const struct iovec *run, const char *text)
{
	assert_int_equal(run->iov_len, strlen(text));
	assert_memory_equal(run->iov_base, text, strlen(text));
}

/* Of raw bytes, pieces with something in front of them and behind are passed on. */
static void runs_leave_gaps(void **state)
{
	struct iovec runs[BUFFER_RUNS];
	struct buffer_pool pool;
	struct buffer *buffer;

	(void)state;
	buffer_pool_init(&pool);
	buffer = buffer_borrow(&pool);
	memcpy(buffer->bytes, "[[one]][[two]][[", 16);
	buffer_put_raw(buffer, 16);
	assert_int_equal(buffer_used(buffer), 0);
	assert_int_equal(buffer_raw(buffer), 16);
	buffer_open(buffer, 7, 2, 3);
	buffer_open(buffer, 7, 2, 3);
	assert_int_equal(buffer_used(buffer), 6);
	assert_int_equal(buffer_raw(buffer), 2);
	assert_int_equal(buffer_runs(buffer, runs), 2);
	assert_run(&runs[0], "one");
	assert_run(&runs[1], "two");
	buffer_take(buffer, 4); /* over the end of the first run */
	assert_int_equal(buffer_runs(buffer, runs), 1);
	assert_run(&runs[0], "wo");
	buffer_take(buffer, 2);
	assert_int_equal(buffer_runs(buffer, runs), 0);
	assert_int_equal(buffer_raw(buffer), 2); /* they wait, and are in their place */
	buffer_compact(buffer);
	assert_memory_equal(buffer->bytes, "[[", 2);
	assert_int_equal(buffer_room(buffer), BUFFER_BYTES - 2);
	buffer_return(&pool, buffer);
	buffer_pool_exit(&pool);
}

/* A piece with nothing in it takes no run, and runs are free again once they are empty. */
static void runs_are_bounded(void **state)
{
	struct buffer_pool pool;
	struct buffer *buffer;
	unsigned n = 0;

	(void)state;
	buffer_pool_init(&pool);
	buffer = buffer_borrow(&pool);
	buffer_put_raw(buffer, BUFFER_BYTES);
	for (int i = 0; i < 100; i++)
		buffer_open(buffer, 18, 0, 0);
	assert_true(buffer_has_run(buffer));
	for (; buffer_has_run(buffer); n++)
		buffer_open(buffer, 18, 1, 2);
	assert_int_equal(n, BUFFER_RUNS);
	assert_int_equal(buffer_used(buffer), 2 * BUFFER_RUNS);
	buffer_take(buffer, 3);
	assert_false(buffer_has_run(buffer)); /* not before all are empty */
	buffer_take(buffer, 2 * BUFFER_RUNS - 3);
	assert_true(buffer_has_run(buffer));
	buffer_open(buffer, buffer_raw(buffer), 0, 0);
	buffer_compact(buffer);
	assert_int_equal(buffer_room(buffer), BUFFER_BYTES);
	buffer_return(&pool, buffer);
	buffer_pool_exit(&pool);
}

static void pool_keeps_a_few(void **state)
{
	struct buffer *buffers[40];
	struct buffer_pool pool;

	(void)state;
	buffer_pool_init(&pool);
	for (int i = 0; i < 40; i++)
		buffers[i] = buffer_borrow(&pool);
	for (int i = 0; i < 40; i++)
		buffer_return(&pool, buffers[i]);
	assert_in_range(pool.n_idle, 1, 16);
	buffer_pool_exit(&pool);
}

static void budget_never_overdraws(void **state)
{
	struct budget budget = {.limit = 10, .available = 3};

	(void)state;
	assert_false(budget_take(&budget, 4));
	assert_int_equal(budget.available, 3);
	assert_true(budget_take(&budget, 3));
	assert_false(budget_take(&budget, 1));
	budget_give(&budget, 3);
	assert_int_equal(budget.available, 3);
}

static void budget_counts_what_is_open(void **state)
{
	struct budget before, after;
	int fd;

	(void)state;
	budget_init(&before);
	fd = dup(STDERR_FILENO);
	budget_init(&after);
	close(fd);
	assert_int_equal(after.available, before.available - 1);
}

/* Two watched ends of a pair; the first event closes the second, whose event is then dropped. */
struct pairing {
	struct loop loop;
	struct watch a, b;
	struct task task;
	struct timer timer;
	unsigned events, tasks, expired;
};

static void on_event_close_other(struct watch *watch, uint32_t events)
{
	struct pairing *p = watch->fd == -1 ? NULL : container_of(watch, struct pairing, a);

	(void)events;
	p->events++;
	loop_close(&p->loop, &p->b);
	loop_close(&p->loop, &p->a);
	loop_put(&p->loop, &p->task);
	loop_put(&p->loop, &p->task); /* once is enough */
}

static void on_event_of_closed(struct watch *watch, uint32_t events)
{
	(void)watch;
	(void)events;
	fail_msg("an event of a closed watch was delivered");
}

static void on_task(struct task *task)
{
	struct pairing *p = container_of(task, struct pairing, task);

	if (++p->tasks == 1)
		loop_put(&p->loop, task); /* in the next batch */
	else
		timer_arm(&p->loop.timers, &p->timer, p->loop.now_ms + 20);
}

static void on_timer(struct timer *timer)
{
	struct pairing *p = container_of(timer, struct pairing, timer);

	p->expired++;
	loop_stop(&p->loop);
}

static void loop_runs_events_tasks_and_timers(void **state)
{
	struct pairing p = {.a.on_event = on_event_close_other, .b.on_event = on_event_of_closed};
	int fds[2];

	(void)state;
	assert_int_equal(loop_init(&p.loop), 0);
	task_init(&p.task, on_task);
	timer_init(&p.timer, on_timer);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(loop_watch(&p.loop, &p.a, fds[0]), 0);
	assert_int_equal(loop_watch(&p.loop, &p.b, fds[1]), 0);
	assert_int_equal(loop_run(&p.loop), 0);
	assert_int_equal(p.events, 1);
	assert_int_equal(p.tasks, 2);
	assert_int_equal(p.expired, 1);
	assert_int_equal(p.b.fd, -1);
	loop_exit(&p.loop);
}

static void watching_a_file_fails(void **state)
{
	struct watch watch = {.fd = 5};
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	assert_true(loop_watch(&loop, &watch, 9999) < 0);
	assert_int_equal(watch.fd, -1);
	loop_exit(&loop);
}

static void limit_passes_once_per_interval(void **state)
{
	struct log_limit limit = {0};
	uint32_t left_out = 99;

	(void)state;
	assert_true(log_limit_pass(&limit, 5000, 1000, &left_out));
	assert_int_equal(left_out, 0);
	for (int i = 0; i < 7; i++)
		assert_false(log_limit_pass(&limit, 5500, 1000, &left_out));
	assert_true(log_limit_pass(&limit, 6000, 1000, &left_out));
	assert_int_equal(left_out, 7);
}

/* What log_write() puts on stderr. */
static void captured(char *out, size_t size, void (*write_lines)(void))
{
	int saved = dup(STDERR_FILENO), fds[2];
	ssize_t got;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	write_lines();
	dup2(saved, STDERR_FILENO);
	close(fds[1]);
	close(saved);
	got = read(fds[0], out, size - 1);
	out[got > 0 ? got : 0] = '\0';
	close(fds[0]);
}

static void write_nasty(void)
{
	log_info("name \"%s\"", "a\nmpbridge: forged\x1b[2J\x7f");
	log_debug("not shown");
}

static void write_long(void)
{
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_warning("%s", text);
}

static void log_lines_cannot_be_forged(void **state)
{
	char out[4096];

	(void)state;
	captured(out, sizeof(out), write_nasty);
	assert_string_equal(out, "mpbridge: name \"a?mpbridge: forged?[2J?\"\n");
}

static void long_lines_are_cut(void **state)
{
	char out[4096];

	(void)state;
	captured(out, sizeof(out), write_long);
	assert_int_equal(strlen(out), 1024);
	assert_int_equal(out[1023], '\n');
	assert_null(memchr(out, '\n', 1023));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_takes_and_puts),
		cmocka_unit_test(runs_leave_gaps),
		cmocka_unit_test(runs_are_bounded),
		cmocka_unit_test(pool_keeps_a_few),
		cmocka_unit_test(budget_never_overdraws),
		cmocka_unit_test(budget_counts_what_is_open),
		cmocka_unit_test(loop_runs_events_tasks_and_timers),
		cmocka_unit_test(watching_a_file_fails),
		cmocka_unit_test(limit_passes_once_per_interval),
		cmocka_unit_test(log_lines_cannot_be_forged),
		cmocka_unit_test(long_lines_are_cut),
	};

	RUN_SUITE(tests);
}
