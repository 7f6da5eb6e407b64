/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headroom: how much an MPTCP connection of several subflows may have under way. */
#include "relay/headroom.h"

#include "kernel/socket.h"
#include "relay/flow.h"

/*
 * Theory of operation. The kernel hands each subflow as much as its own send buffer takes, three
 * times what may be in flight with bbr, and a buffer that has grown never shrinks. When a link
 * dies, what it had in flight is sent again by another one, but behind all that waits there
 * (__mptcp_retransmit_pending_data() in net/mptcp/protocol.c marks it, nothing overtakes): between
 * two links of 100 Mbit/s and 10 ms that were 1.5 MB, and the host received nothing for 0.15 s.
 *
 * So a connection that has more than one subflow is given no more than it needs: the sum of what
 * its subflows send within the longest of their round trips, half as much again since epoll tells
 * of room only when a third is free, and a little for a worker that comes late. The longest round
 * trip counts for all of them, because the kernel's scheduler fills the subflows evenly by time:
 * the one that is far is only filled if the near ones hold as much (mptcp_subflow_get_send()).
 *
 * Left alone are short flows; flows that need more than the kernel's own size; and those over
 * several links without a delay, where bbr takes a burst for the pace of the link, the scheduler
 * follows it, and a small buffer would be all on one side.
 *
 * A flow over one link without a delay has another need. There a whole window can arrive while the
 * far end's program reads, which then owes no DATA_ACK for it (nudge.c). If all of the window is
 * used, nothing can be sent that would bring one, and the flow stands still for 200 ms, again and
 * again. So its buffer is smaller than the window that the far end offers, and nudge.c has room to
 * write. Where there was ever a second link, and it may come or come back, a flow is left alone:
 * with it, that buffer would no longer be the kernel's, and be all on one side.
 *
 * Where a link loses segments, all that the others carry while one is sent again has to be kept,
 * too. But much of what is lost has been too much for a queue, and a smaller buffer ends that
 * (bbr has two round trips' worth in flight). So only losses that go on beside the smaller buffer
 * make it large again, for some seconds, each time for twice as long.
 *
 * A buffer that was set no longer grows by itself, so it is looked at whenever a flow has waited
 * for room, and nothing is done at all where net.core.wmem_max would not let it grow again.
 */

#define LOOK_MS	       16u
#define SHORT_BYTES    (4u << 20) /* a flow that ends before that is left alone, */
#define NEAR_BYTES     (1u << 19) /* and one over a near link before that */
#define SLACK_US       20000u
#define NEAR_US	       500u
#define LEAST_BYTES    (128u << 10)
#define MOST_BYTES     (8u << 20) /* what the kernel gives to two subflows */
#define WINDOW_MS      250u
#define LOSSY_SHARE    2000u /* of the segments */
#define LOSSY_WINDOWS  6u
#define PAUSE_FIRST_MS 8000u
#define PAUSE_MOST_MS  128000u
#define UP_SHARE       4u
#define DOWN_SHARE     16u

static uint32_t within_bounds(uint64_t bytes)
{
	if (bytes > MOST_BYTES)
		return MOST_BYTES;
	return bytes < LEAST_BYTES ? LEAST_BYTES : (uint32_t)bytes;
}

static uint32_t wanted_bytes(const struct subflow_load *load)
{
	uint64_t time_us = (uint64_t)load->rtt_us + load->rtt_us / 2 + SLACK_US;

	return within_bounds(load->rate / 1000 * time_us / 1000);
}

/* Over the only link that there ever was, without a delay to speak of. */
static bool is_near_alone(const struct headroom *headroom, const struct subflow_load *load)
{
	return load->n == 1 && !headroom->may_have_others && load->least_rtt_us < NEAR_US;
}

static void begin_window(struct headroom *headroom, const struct subflow_load *load,
			 uint64_t now_ms)
{
	headroom->window_ms = now_ms;
	headroom->n = load->n;
	headroom->segments = load->segments;
	headroom->again = load->again;
}

static void ease(struct headroom *headroom, uint64_t now_ms)
{
	headroom->pause_ms = headroom->pause_ms ? 2 * headroom->pause_ms : PAUSE_FIRST_MS;
	if (headroom->pause_ms > PAUSE_MOST_MS)
		headroom->pause_ms = PAUSE_MOST_MS;
	headroom->eased_to_ms = now_ms + headroom->pause_ms;
	headroom->lossy_windows = 0;
}

/* A subflow that comes or goes brings or takes its numbers along: then the window begins again. */
static void count_losses(struct headroom *headroom, const struct subflow_load *load,
			 uint64_t now_ms)
{
	uint64_t segments = load->segments - headroom->segments;
	uint64_t again = load->again - headroom->again;

	if (headroom->window_ms == 0 || load->n != headroom->n ||
	    load->segments < headroom->segments || load->again < headroom->again ||
	    now_ms < headroom->eased_to_ms) {
		begin_window(headroom, load, now_ms);
	} else if (now_ms >= headroom->window_ms + WINDOW_MS) {
		headroom->lossy_windows =
			again * LOSSY_SHARE > segments ? headroom->lossy_windows + 1 : 0;
		begin_window(headroom, load, now_ms);
	}
	if (headroom->lossy_windows >= LOSSY_WINDOWS)
		ease(headroom, now_ms);
}

static bool is_left_alone(const struct subflow_load *load)
{
	return load->n < 2 || load->least_rtt_us < NEAR_US ||
	       wanted_bytes(load) >= SOCKET_SEND_BUFFER_BYTES;
}

uint32_t headroom_judge(struct headroom *headroom, const struct subflow_load *load, uint64_t now_ms)
{
	uint32_t wanted = wanted_bytes(load), bytes = headroom->bytes;

	if (is_near_alone(headroom, load))
		return within_bounds((uint64_t)load->window * 3 / 4);
	if (bytes == 0)
		return is_left_alone(load) ? 0 : wanted;
	count_losses(headroom, load, now_ms);
	if (now_ms < headroom->eased_to_ms && wanted < SOCKET_SEND_BUFFER_BYTES)
		wanted = SOCKET_SEND_BUFFER_BYTES;
	if (wanted > bytes)
		return bytes + (wanted - bytes) / UP_SHARE;
	return bytes - (bytes - wanted) / DOWN_SHARE;
}

void headroom_adapt(struct flow *flow)
{
	struct headroom *headroom = &flow->headroom;
	int fd = flow->side[WAN].watch.fd;
	uint64_t now_ms = flow->relay->loop->now_ms;
	struct subflow_load load;
	uint32_t bytes;

	if (now_ms < headroom->look_ms || flow->lane[LAN].bytes < NEAR_BYTES ||
	    lane_pending(&flow->lane[LAN]) == 0)
		return;
	headroom->look_ms = now_ms + LOOK_MS;
	if (!subflow_load(fd, &load))
		return;
	headroom->may_have_others =
		headroom->may_have_others || load.n > 1 || relay_table(flow->relay)->had_several;
	if (!is_near_alone(headroom, &load) && flow->lane[LAN].bytes < SHORT_BYTES)
		return;
	bytes = headroom_judge(headroom, &load, now_ms);
	if (bytes != headroom->bytes && socket_set_send_buffer(fd, bytes))
		headroom->bytes = bytes;
}
