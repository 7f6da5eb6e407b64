/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Emulates one link between two network namespaces: rate, delay, queue, loss, reordering, stalls.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/*
 * Theory of operation. The program opens one TAP device in each of two namespaces. A frame that
 * leaves by one of them comes out of the other, through a `lane` for its direction.
 *
 * A lane keeps no queue of bytes, but the moment at which its wire is free again. A frame starts
 * then, or now if the wire is idle; it occupies the wire for its length divided by the rate; it
 * arrives one delay later. The distance from now to that moment, times the rate, is the backlog,
 * and a frame that would make it longer than the queue limit is dropped at the tail. What is on its
 * way waits in a list ordered by arrival.
 *
 * A radio that waits for its turn, or a machine that is late, is a wire that stalls now and then:
 * no frame starts then. Stalls take stall_us at most and begin stall_every_us apart, both by
 * chance.
 *
 * Work is done in slices: the loop sleeps until the first arrival of a slice and then delivers
 * everything that is due. So frames are up to one slice late, never early, and never slower in
 * total.
 *
 * It is driven by lines on its standard input, each answered by one line on the standard output,
 * and ends with the input: an emulator never survives the program that started it.
 *
 *   ab|ba|both KEY VALUE    change a lane; the keys are in setting_table
 *   a|b carrier 0|1         take away or give back the carrier of one end; what is on its way is
 *                           lost when it goes
 *   counters                frames, bytes, dropped by the queue, lost: of ab, then of ba
 */

#define FRAME_MAX   1600
#define FRAMES_MAX  65536 /* on their way in one lane */
#define BATCH	    64	  /* frames read from one device before the other gets its turn */
#define SLICE_NS    200000ULL
#define NS_PER_S    1000000000ULL
#define NS_PER_US   1000ULL
#define ONE_MILLION 1000000ULL

struct frame {
	struct frame *next, *prev;
	uint64_t due_ns;
	size_t length;
	unsigned char data[FRAME_MAX];
};

struct lane {
	int in_fd, out_fd;
	/* settings, each 0 at the start: no limit, no delay, no loss */
	uint64_t rate_bps, delay_us, queue_bytes, loss_ppm, reorder_ppm, reorder_us, blackhole;
	uint64_t stall_us, stall_every_us;
	uint64_t free_ns;	      /* when the wire has sent all it was given */
	uint64_t stall_ns, resume_ns; /* the last stall, or the next one */
	unsigned cut;		      /* bits of the ends without a carrier: everything is lost */
	uint64_t random; /* xorshift; fixed at the start, so that a run can be repeated */
	struct frame on_way;
	unsigned int on_way_count;
	uint64_t frames, bytes, dropped, lost;
};

struct setting {
	const char *key;
	size_t offset;
};

static const struct setting setting_table[] = {
	{"rate_bps", offsetof(struct lane, rate_bps)},
	{"delay_us", offsetof(struct lane, delay_us)},
	{"queue_bytes", offsetof(struct lane, queue_bytes)},
	{"loss_ppm", offsetof(struct lane, loss_ppm)},
	{"reorder_ppm", offsetof(struct lane, reorder_ppm)},
	{"reorder_us", offsetof(struct lane, reorder_us)},
	{"blackhole", offsetof(struct lane, blackhole)},
	{"stall_us", offsetof(struct lane, stall_us)},
	{"stall_every_us", offsetof(struct lane, stall_every_us)},
};

enum { AB, BA, LANES };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void lane_init(struct lane *lane, int in_fd, int out_fd, uint64_t seed)
{
	memset(lane, 0, sizeof(*lane));
	lane->in_fd = in_fd;
	lane->out_fd = out_fd;
	lane->random = seed;
	lane->on_way.next = lane->on_way.prev = &lane->on_way;
}

static uint64_t lane_random(struct lane *lane)
{
	lane->random ^= lane->random << 13;
	lane->random ^= lane->random >> 7;
	lane->random ^= lane->random << 17;
	return lane->random;
}

/* True with a probability of ppm in a million. */
static bool lane_rolls(struct lane *lane, uint64_t ppm)
{
	return lane_random(lane) % ONE_MILLION < ppm;
}

/* When a frame starts that has its turn at start_ns. */
static uint64_t lane_start(struct lane *lane, uint64_t start_ns)
{
	uint64_t most_ns = lane->stall_us * NS_PER_US, every_ns = lane->stall_every_us * NS_PER_US;

	if (most_ns == 0 || every_ns == 0)
		return start_ns;
	if (start_ns > lane->resume_ns + NS_PER_S) /* nothing was sent for long */
		lane->resume_ns = start_ns;
	while (start_ns >= lane->resume_ns) {
		lane->stall_ns = lane->resume_ns + lane_random(lane) % (2 * every_ns);
		lane->resume_ns = lane->stall_ns + lane_random(lane) % most_ns + 1;
	}
	return start_ns < lane->stall_ns ? start_ns : lane->resume_ns;
}

static void lane_insert(struct lane *lane, struct frame *frame)
{
	struct frame *before = lane->on_way.prev;

	while (before != &lane->on_way && before->due_ns > frame->due_ns)
		before = before->prev;
	frame->prev = before;
	frame->next = before->next;
	before->next->prev = frame;
	before->next = frame;
	lane->on_way_count++;
}

static void lane_remove(struct lane *lane, struct frame *frame)
{
	frame->prev->next = frame->next;
	frame->next->prev = frame->prev;
	lane->on_way_count--;
	free(frame);
}

static void lane_flush(struct lane *lane)
{
	while (lane->on_way_count > 0) {
		lane_remove(lane, lane->on_way.next);
		lane->lost++;
	}
	lane->free_ns = 0;
}

static bool lane_has_room(const struct lane *lane, size_t length, uint64_t now)
{
	double backlog_bytes = 0;

	if (lane->on_way_count >= FRAMES_MAX)
		return false;
	if (lane->queue_bytes == 0 || lane->rate_bps == 0)
		return true;
	if (lane->free_ns > now)
		backlog_bytes = (double)(lane->free_ns - now) * (double)lane->rate_bps / 8e9;
	return backlog_bytes + (double)length <= (double)lane->queue_bytes;
}

/* Takes the frame: it is on its way, or freed and counted as dropped or lost. */
static void lane_send(struct lane *lane, struct frame *frame, uint64_t now)
{
	if (!lane_has_room(lane, frame->length, now)) {
		lane->dropped++;
		free(frame);
		return;
	}
	if (lane->free_ns < now)
		lane->free_ns = now;
	lane->free_ns = lane_start(lane, lane->free_ns);
	if (lane->rate_bps > 0)
		lane->free_ns += frame->length * 8 * NS_PER_S / lane->rate_bps;
	if (lane->blackhole || lane->cut || lane_rolls(lane, lane->loss_ppm)) {
		lane->lost++;
		free(frame);
		return;
	}
	frame->due_ns = lane->free_ns + lane->delay_us * NS_PER_US;
	if (lane_rolls(lane, lane->reorder_ppm))
		frame->due_ns += lane->reorder_us * NS_PER_US;
	lane_insert(lane, frame);
}

static int lane_read(struct lane *lane, uint64_t now)
{
	for (int i = 0; i < BATCH; i++) {
		struct frame *frame = malloc(sizeof(*frame));
		ssize_t length;

		if (!frame)
			return -ENOMEM;
		length = read(lane->in_fd, frame->data, sizeof(frame->data));
		if (length <= 0) {
			free(frame);
			return 0;
		}
		frame->length = (size_t)length;
		lane_send(lane, frame, now);
	}
	return 0;
}

/* A frame that the device refuses (it is down) is lost, as on a real link. */
static void lane_deliver(struct lane *lane, uint64_t now)
{
	while (lane->on_way_count > 0 && lane->on_way.next->due_ns <= now) {
		struct frame *frame = lane->on_way.next;

		if (write(lane->out_fd, frame->data, frame->length) < 0) {
			lane->lost++;
		} else {
			lane->frames++;
			lane->bytes += frame->length;
		}
		lane_remove(lane, frame);
	}
}

static int lane_set(struct lane *lane, const char *key, uint64_t value)
{
	size_t count = sizeof(setting_table) / sizeof(setting_table[0]);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(setting_table[i].key, key) != 0)
			continue;
		memcpy((char *)lane + setting_table[i].offset, &value, sizeof(value));
		if (lane->blackhole)
			lane_flush(lane);
		return 0;
	}
	return -EINVAL;
}

/*
 * The kernel stops sending into a device without a carrier only when its link watch has run, up to
 * a second later (net/core/link_watch.c); what comes until then is lost here, as on a cable.
 */
static int set_carrier(struct lane lanes[LANES], int fd, uint64_t value)
{
	unsigned end = fd == lanes[AB].in_fd ? 1 : 2;
	int carrier = value != 0;

	if (ioctl(fd, TUNSETCARRIER, &carrier) < 0)
		return -errno;
	for (int i = 0; i < LANES; i++) {
		lanes[i].cut = carrier ? lanes[i].cut & ~end : lanes[i].cut | end;
		if (!carrier)
			lane_flush(&lanes[i]);
	}
	return 0;
}

static int command_set(struct lane lanes[LANES], const char *where, const char *key, uint64_t value)
{
	if (strcmp(key, "carrier") == 0 && strcmp(where, "a") == 0)
		return set_carrier(lanes, lanes[AB].in_fd, value);
	if (strcmp(key, "carrier") == 0 && strcmp(where, "b") == 0)
		return set_carrier(lanes, lanes[AB].out_fd, value);
	if (strcmp(where, "ab") == 0)
		return lane_set(&lanes[AB], key, value);
	if (strcmp(where, "ba") == 0)
		return lane_set(&lanes[BA], key, value);
	if (strcmp(where, "both") != 0 || lane_set(&lanes[AB], key, value) < 0)
		return -EINVAL;
	return lane_set(&lanes[BA], key, value);
}

static void print_counters(const struct lane lanes[LANES])
{
	for (int i = 0; i < LANES; i++)
		printf("%llu %llu %llu %llu%c", (unsigned long long)lanes[i].frames,
		       (unsigned long long)lanes[i].bytes, (unsigned long long)lanes[i].dropped,
		       (unsigned long long)lanes[i].lost, i == LANES - 1 ? '\n' : ' ');
}

static void run_command(struct lane lanes[LANES], char *line)
{
	char *rest = NULL;
	const char *where = strtok_r(line, " ", &rest);
	const char *key = strtok_r(NULL, " ", &rest);
	const char *value = strtok_r(NULL, " ", &rest);
	int err = -EINVAL;

	if (where && !key && strcmp(where, "counters") == 0) {
		print_counters(lanes);
		return;
	}
	if (where && key && value)
		err = command_set(lanes, where, key, strtoull(value, NULL, 10));
	puts(err < 0 ? strerror(-err) : "ok");
}

/* One read of the standard input, with the commands in it. False at its end. */
static bool read_commands(struct lane lanes[LANES])
{
	static char text[512];
	static size_t held;
	ssize_t got = read(STDIN_FILENO, text + held, sizeof(text) - 1 - held);
	char *line = text, *end;

	if (got <= 0)
		return false;
	held += (size_t)got;
	text[held] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		run_command(lanes, line);
		line = end + 1;
	}
	held = strlen(line);
	memmove(text, line, held);
	fflush(stdout);
	return held < sizeof(text) - 1;
}

/* How long to sleep: until the end of the slice in which the first frame arrives. */
static const struct timespec *sleep_time(const struct lane lanes[LANES], uint64_t now,
					 struct timespec *buffer)
{
	uint64_t due = UINT64_MAX;

	for (int i = 0; i < LANES; i++)
		if (lanes[i].on_way_count > 0 && lanes[i].on_way.next->due_ns < due)
			due = lanes[i].on_way.next->due_ns;
	if (due == UINT64_MAX)
		return NULL;
	due = (due + SLICE_NS - 1) / SLICE_NS * SLICE_NS;
	due = due > now ? due - now : 0;
	buffer->tv_sec = (time_t)(due / NS_PER_S);
	buffer->tv_nsec = (long)(due % NS_PER_S);
	return buffer;
}

static int run(struct lane lanes[LANES])
{
	struct pollfd fds[] = {{.fd = lanes[AB].in_fd, .events = POLLIN},
			       {.fd = lanes[BA].in_fd, .events = POLLIN},
			       {.fd = STDIN_FILENO, .events = POLLIN}};

	for (;;) {
		struct timespec buffer;
		uint64_t now = now_ns();
		int err = 0;

		if (ppoll(fds, 3, sleep_time(lanes, now, &buffer), NULL) < 0 && errno != EINTR)
			return -errno;
		now = now_ns();
		for (int i = 0; i < LANES && err == 0; i++)
			err = fds[i].revents ? lane_read(&lanes[i], now) : 0;
		if (err < 0)
			return err;
		for (int i = 0; i < LANES; i++)
			lane_deliver(&lanes[i], now);
		if (fds[2].revents && !read_commands(lanes))
			return 0;
	}
}

static int enter_namespace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Opens the TAP device `name` in the namespace at `path`. A descriptor, or -errno after a message.
 */
static int open_end(const char *path, const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int err = enter_namespace(path);
	int fd = -1;

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (err == 0) {
		fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
			err = -errno;
	}
	if (err < 0) {
		fprintf(stderr, "emulator: cannot open %s in %s: %s\n", name, path, strerror(-err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct lane lanes[LANES];
	int a, b, err;

	if (argc != 5) {
		fprintf(stderr, "usage: emulator NAMESPACE_A DEVICE_A NAMESPACE_B DEVICE_B\n");
		return 2;
	}
	a = open_end(argv[1], argv[2]);
	b = a < 0 ? a : open_end(argv[3], argv[4]);
	if (a < 0 || b < 0)
		return 1;
	lane_init(&lanes[AB], a, b, 0x9e3779b97f4a7c15);
	lane_init(&lanes[BA], b, a, 0xd1b54a32d192ed03);
	prctl(PR_SET_TIMERSLACK, 1UL);
	puts("ready");
	fflush(stdout);
	err = run(lanes);
	if (err < 0)
		fprintf(stderr, "emulator: %s\n", strerror(-err));
	return err < 0;
}
