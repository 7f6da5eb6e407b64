/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One direction of a flow: bytes from one socket to the other, in order, each once. */
#include "relay/lane.h"

#include "relay/open.h"
#include "relay/seal.h"
#include "relay/splice.h"
#include "relay/stream.h"

#include <errno.h>
#include <sys/socket.h>

/*
 * Theory of operation. A lane alternates: drain what it holds until nothing is left, then fill. It
 * never fills while it holds something, so a slow destination stops the reading, the source's
 * receive window closes, and the sender is slowed: what a flow holds here is bounded by one pipe or
 * one buffer.
 *
 *   drain: EAGAIN -> wait for the destination's edge     fill: EAGAIN -> wait for the source's edge
 *          error  -> DESTINATION_RESET                         0      -> pass the end on, DONE
 *                                                              error  -> SOURCE_RESET
 *
 * Reasons not to splice: copying was configured; the kernel refuses it for this socket (EINVAL);
 * there is no pipe to be had; an urgent byte came. tcp_read_sock() in net/ipv4/tcp.c does not step
 * over one, and tcp_splice_read() then says "end" if a FIN is behind it: recv() decides what is
 * one.
 */

#define WANT_START (64 << 10)
/* After so much others have their turn. What passes a cipher takes longer. */
#define FAIR_TURN_BYTES	 (4 << 20)
#define FAIR_TURN_SEALED (512 << 10)

void lane_init(struct lane *lane, enum lane_mode mode)
{
	*lane = (struct lane){
		.mode = mode, .raw_mode = mode, .want = WANT_START, .most = UINT64_MAX};
}

void lane_seal(struct lane *lane, struct sealer *sealer)
{
	lane->mode = LANE_SEAL;
	lane->sealer = sealer;
}

void lane_open(struct lane *lane, struct opener *opener)
{
	lane->mode = LANE_OPEN;
	lane->opener = opener;
}

void lane_stop_splicing(struct lane *lane)
{
	lane->raw_mode = LANE_COPY;
	if (lane->mode == LANE_SPLICE)
		lane->mode = LANE_COPY;
}

uint32_t lane_pending(const struct lane *lane)
{
	return lane->in_pipe + (lane->buffer ? (uint32_t)buffer_used(lane->buffer) : 0);
}

static void give_back(struct lane *lane, const struct lane_pools *pools)
{
	if (lane->pipe && lane->in_pipe == 0) {
		pipe_return(pools->pipes, lane->pipe);
		lane->pipe = NULL;
	}
	if (lane->buffer && buffer_used(lane->buffer) == 0 && buffer_raw(lane->buffer) == 0) {
		buffer_return(pools->buffers, lane->buffer);
		lane->buffer = NULL;
	}
}

void lane_discard(struct lane *lane, const struct lane_pools *pools)
{
	if (lane->in_pipe > 0) {
		pipe_destroy(pools->pipes, lane->pipe);
		lane->pipe = NULL;
		lane->in_pipe = 0;
	}
	buffer_return(pools->buffers, lane->buffer);
	lane->buffer = NULL;
	give_back(lane, pools);
}

/* The buffer goes first: a lane that begins with bytes in hand has them there. */
static ssize_t drain(struct lane *lane, int to_fd)
{
	if (lane->buffer && buffer_used(lane->buffer) > 0)
		return stream_drain(lane, to_fd);
	return splice_drain(lane, to_fd);
}

/* Splices, or copies where that cannot be. */
static ssize_t fill_by_splice(struct lane *lane, int from_fd, const struct lane_pools *pools)
{
	ssize_t got = splice_fill(lane, from_fd, pools);

	if (got == -EINVAL || got == 0)
		lane_stop_splicing(lane);
	else if (got != -EMFILE)
		return got;
	return stream_fill(lane, from_fd, pools);
}

static ssize_t fill_raw(struct lane *lane, int from_fd, const struct lane_pools *pools)
{
	lane->mode = lane->raw_mode;
	if (lane->mode == LANE_SPLICE)
		return fill_by_splice(lane, from_fd, pools);
	return stream_fill(lane, from_fd, pools);
}

static ssize_t fill(struct lane *lane, int from_fd, const struct lane_pools *pools)
{
	ssize_t got;

	switch (lane->mode) {
	case LANE_OPEN:
		got = open_fill(lane, from_fd, pools);
		if (got != 0 || !open_is_over(lane))
			return got;
		break;
	case LANE_SEAL:
		return seal_fill(lane, from_fd, pools);
	case LANE_SPLICE:
	case LANE_COPY:
		break;
	}
	return fill_raw(lane, from_fd, pools);
}

/* 0 when nothing is left to drain, or why not. */
static int drain_all(struct lane *lane, struct side *to)
{
	while (lane_pending(lane) > 0) {
		ssize_t gone = drain(lane, to->watch.fd);

		if (gone == -EINTR)
			continue;
		if (gone == -EAGAIN)
			to->is_writable = false;
		if (gone <= 0)
			return gone < 0 ? (int)gone : -EPIPE;
		lane->bytes += (uint64_t)gone;
	}
	return 0;
}

/* Whether something came, and if not, what to say of it. */
static bool fill_once(struct lane *lane, struct side *from, const struct lane_pools *pools,
		      enum lane_result *result)
{
	ssize_t got = fill(lane, from->watch.fd, pools);

	if (got > 0 || got == -EINTR)
		return true;
	*result = LANE_BLOCKED;
	if (got == 0)
		lane->has_ended = true;
	else if (got == -EAGAIN)
		from->is_readable = false;
	else
		*result = LANE_SOURCE_RESET;
	return false;
}

static enum lane_result pass_end(struct lane *lane, struct side *to)
{
	if (!lane->end_passed && shutdown(to->watch.fd, SHUT_WR) < 0)
		return LANE_DESTINATION_RESET;
	lane->end_passed = true;
	return LANE_DONE;
}

static uint64_t turn_bytes(const struct lane *lane)
{
	switch (lane->mode) {
	case LANE_SEAL:
	case LANE_OPEN:
		return FAIR_TURN_SEALED;
	case LANE_SPLICE:
	case LANE_COPY:
		break;
	}
	return FAIR_TURN_BYTES;
}

static enum lane_result forward(struct lane *lane, struct side *from, struct side *to,
				const struct lane_pools *pools)
{
	uint64_t turn_end = lane->bytes + turn_bytes(lane);
	enum lane_result result;

	for (;;) {
		int error = to->is_writable ? drain_all(lane, to) : -EAGAIN;

		if (error == -EAGAIN && (lane_pending(lane) > 0 || !lane->has_ended))
			return LANE_BLOCKED;
		if (error < 0 && error != -EAGAIN)
			return LANE_DESTINATION_RESET;
		if (lane->has_ended)
			return lane->withholds_end ? LANE_SOURCE_RESET : pass_end(lane, to);
		if (!from->is_readable)
			return LANE_BLOCKED;
		if (lane->bytes >= lane->most)
			return LANE_HELD;
		if (lane->bytes >= turn_end)
			return LANE_UNFINISHED;
		if (!fill_once(lane, from, pools, &result) && !lane->has_ended)
			return result;
	}
}

enum lane_result lane_forward(struct lane *lane, struct side *from, struct side *to,
			      const struct lane_pools *pools)
{
	enum lane_result result = forward(lane, from, to, pools);

	give_back(lane, pools);
	return result;
}
