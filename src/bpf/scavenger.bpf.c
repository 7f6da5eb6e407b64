/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scavenger: a congestion control that takes what others leave, and nothing else. */
/*
 * Theory of operation. As LEDBAT++ does, it holds a short queue at the bottleneck: the window grows
 * while the round trip is less than TARGET_US above the least that has been seen (the base), and is
 * cut, down to a trace of that queue, when it is more. That alone gives way to flows that fill the
 * buffer (reno, cubic), but slowly, and not to bbr, which keeps a short queue too, nor to a slow
 * start, which ends early when it meets a full link (HyStart). So it leaves the link altogether
 * when others are there, and looks again later. In the order of how soon they tell:
 *
 *   push     the link is ours and the queue grows well beyond what we have made, for several
 *            acknowledgements in turn, and these come more slowly than they did: somebody begins.
 *            We leave at once, before a round is over. In our very first slow start it was we.
 *            A link that stalls for a moment (a radio that waits for its turn, a machine that is
 *            late) makes the same queue, but serves us as fast as ever once it goes on.
 *            Where bursts come far apart, those of a slow start slow us only a little, until one is
 *            too long for the buffer. So what is late adds up to a debt, and beside a debt a
 *            shorter queue tells.
 *   lack     the queue stands, and yet we carry less than our share, which is what we have carried
 *            before when the queue stood. Either others carry the rest, or the link has become
 *            slower, or they send at a rate of their own (a video, a call). A check tells: the
 *            window is cut so that no queue is left of our own making. If the queue is gone and our
 *            rate still is what it was, nobody presses us: that rate is our new share. If the
 *            queue stays, it is others', and we leave. The check comes after two rounds of a queue
 *            longer than a scavenger makes; beside a shorter one, which may be another scavenger's,
 *            when our rate has not grown for PATIENCE_US.
 *
 * A round in which the application, not the window, was the limit says nothing of a share, and a
 * rate below it without a queue is no lack.
 *
 * All this is a state of the way (local address, remote address), which all our flows there share,
 * since it is the link that others need, not a place beside one of our flows. They also share what
 * the way as a whole may have: its floor, the step by which its windows grow, the size of a try.
 * So many flows have less than a segment in a round trip each, and are held to it by their pace;
 * what goes slowly goes in pairs, since a lone segment is acknowledged late.
 *
 *   OPEN     growing, holding the queue, or checking
 *   YIELD    until until_us; the floor of FLOOR segments, paced slowly, remains, and tells what the
 *            queue does. When the time is over and the queue is not others' for sure, we try: OPEN
 *            with a small window. A try that fails makes the next pause twice as long; after
 * HELD_US without one it is short again. If the queue still stands, we stay away without a try.
 *
 * A flow that was idle while its way yielded begins with a small paced window when it sends again.
 *
 * Scavengers of several machines share a link: below ssthresh the window grows by a quarter in a
 * round, above it by one segment whatever its size, and the cut is in proportion to it, which is
 * what makes flows alike (AIMD). One that comes later presses against the short queue of the first,
 * whose lack ends in a check that it passes, with a smaller share.
 *
 * The queue is what the round trip takes longer than the base, but for what is due to the way back,
 * as far as timestamps tell: our own flows may come from there, and nobody is served if we leave.
 * (Each flow has its own idea of the far clock, whose timestamps begin at another value for each.)
 * The base is the least round trip of the last two to four minutes, in two windows of time, so
 * that drift of the clocks and of the way is followed. A longer route would look like a queue for
 * as long as that; but a queue of others moves, so a round trip that does not, for CALM_US, while
 * we are away, is the new base. Now and then all our windows on the way are cut for some rounds
 * (the slowdown of LEDBAT++), which shows the base to us, and to another scavenger on the same
 * link, which may have begun when our queue stood; the first time soon, since that may be us. Loss
 * halves the window if the queue stands or much is lost; if one of a hundred is, without a queue,
 * the link loses by itself, and that is no reason to leave it.
 *
 * Several CPUs write to a way without a lock. What can be lost is a sample, which the next round
 * replaces; only bytes are added up atomically. The time that a flow has is that of its last
 * packet, so what another one has noted may lie in its future: since().
 *
 * Sources: RFC 6817 (LEDBAT); draft-irtf-iccrg-ledbat-plus-plus (slow start that is limited,
 * multiplicative decrease, slowdown); RFC 9406 (HyStart++); net/ipv4/tcp_cubic.c,
 * hystart_update(); net/ipv4/tcp_input.c, tcp_cong_control(); net/ipv4/bpf_tcp_ca.c, for what a
 * program may write to.
 */
#include "scavenger.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

/*
 * What is used of the kernel's structures; libbpf finds the members in those of the running kernel
 * by their names (CO-RE).
 */
#define KERNELS __attribute__((preserve_access_index))

struct in6_addr {
	union {
		u32 u6_addr32[4];
	} in6_u;
} KERNELS;

struct sock_common {
	u32 skc_daddr, skc_rcv_saddr;
	u16 skc_family;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} KERNELS;

struct sock {
	struct sock_common __sk_common;
	unsigned long sk_pacing_rate;
	u32 sk_pacing_status;
} KERNELS;

struct inet_sock {
	struct sock sk;
} KERNELS;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	u64 icsk_ca_priv[13];
} KERNELS;

struct tcp_options_received {
	u32 rcv_tsval, rcv_tsecr;
} KERNELS;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	struct tcp_options_received rx_opt;
	u32 mss_cache, snd_cwnd, snd_cwnd_clamp, delivered, lost, write_seq, snd_nxt;
	u32 packets_out, sacked_out, lost_out, retrans_out, data_segs_out, srtt_us;
	u64 tcp_mstamp;
	_Bool is_mptcp;
} KERNELS;

struct rate_sample {
	long rtt_us;
	u32 acked_sacked, prior_in_flight;
	_Bool is_ack_delayed;
} KERNELS;

struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	void (*set_state)(struct sock *sk, u8 state);
	void (*cwnd_event)(struct sock *sk, int event);
	void (*cong_control)(struct sock *sk, u32 ack, int flag, const struct rate_sample *sample);
	u32 (*undo_cwnd)(struct sock *sk);
	u32 (*min_tso_segs)(struct sock *sk);
	u32 (*sndbuf_expand)(struct sock *sk);
	void (*init)(struct sock *sk);
	char name[SCAVENGER_NAME_BYTES];
	u32 flags;
} KERNELS;

#define AF_INET			2
#define TCP_CA_Loss		4 /* include/uapi/linux/tcp.h */
#define CA_EVENT_TX_START	0 /* include/net/tcp.h, as the next three */
#define TCP_CONG_NON_RESTRICTED 1
#define SK_PACING_NONE		0
#define SK_PACING_NEEDED	1

#define MS 1000ull
#define S  1000000ull

/* The queue that we make. Voice beside it has it as delay; half of it is lost in the noise of the
 * round trip at 50 Mbit/s. */
#define TARGET_US 4000u
#define LOW_US	  SCAVENGER_LOW_US
/* Two scavengers have a queue of up to this when both overshoot by a round's steps. */
#define STRONG_US 5500u
/* Others push: beyond what our steps make in the two rounds until they show. HyStart of cubic gives
 * up when the round trip has grown by 4 to 16 ms, so this has to be seen before. */
#define PUSH_US 7000u
/* For so many acknowledgements, and so long: a machine that was late makes one bunch of them. */
#define PUSH_ACKS 6
#define PUSH_LONG 6000u
/* In each of these windows of a long push the rate is looked at anew. */
#define PUSH_WINDOW  20000u
#define PUSH_PERCENT 80 /* of our rate: more than that, and nobody takes a place in the queue */
#define PUSH_SLACK   4	/* segments, which may have been acknowledged just before */
/* So much of the way's debt says it sooner: the first bursts of a slow start over a long way are
 * this small, and the next ones do not find room beside us. */
#define DEBT_SEGMENTS 8
#define DEBT_US	      (2 * MS)
#define DEBT_GAP_US   1000u /* a longer one is a silence, of a link that stalls for a moment */
#define DEBT_SHARE    16    /* 1/16 of our share is not owed: rates differ by some percent */
/* A link that stalls is silent for so long, once in a window, and others' packets come in bursts.
 */
#define SILENCE_US 4000u
/* So many round trips after a push of others in a slow start they fill the link, or have left it.
 */
#define GONE_ROUNDS  4
#define GONE_MOST_US (300 * MS)
/* So many late ones in turn are a queue; one is a delayed acknowledgement. */
#define STANDING 4
/* The unit of timestamps, which is lost in each; and 1/5000 = 200 ppm, more than clocks differ. */
#define BACK_GRAIN_US (1 * (u32)MS)
#define DRIFT_SHARE   5000
/* All these bounds allow for two segments on the wire, but not for ever more on a link of kbit/s.
 */
#define GRAIN_MOST 10000u

/* Windows are counted in 1/256 of a segment: for small steps, and where many flows share a way each
 * has less than a segment in a round trip; then its pace is the limit. */
#define UNIT  256
#define FLOOR (2 * UNIT) /* of all flows together; one alone would be acknowledged late */
#define START (4 * UNIT) /* two pairs: enough for a round trip, and no burst */
/* A round takes LONE segments, so the window of a flow that has few grows more in each. */
#define CATCH_UP      4
#define SEVERAL_SHARE 16 /* of the capacity: a try of several flows begins with it */
#define PAIR	      2
#define PAIR_PACE     50 /* segments in a second */
#define FLOOR_PACE    20 /* segments in a second, of all flows together, on a slow way */
#define WORTH_IT                                                                                   \
	4 /* a stream over several links waits for the slowest: less than that costs more */
#define TRY_BYTES   (64u << 10) /* net/mptcp/protocol.c, MPTCP_SEND_BURST_SIZE */
#define WINDOW_MOST (1u << 20)	/* segments: 10 Gbit/s over more than a second */
/* The least round, in segments: one that comes alone is acknowledged late (40 ms), the second of
 * two is not. */
#define LONE	       4
#define ROUND_LEAST_US 20000u /* a shorter round has too few segments to tell a rate */

#define LACK_PERCENT 80 /* of the share: rates of rounds differ by some percent by themselves */
#define LACK_ROUNDS  2	/* one may be a machine that was late */
#define LOSS_ROUNDS                                                                                \
	3 /* in which packets were lost, without a queue, and we had less than our share */
#define RAMP_US (1 * S) /* of a try, which has less than its share at first */
/* An increase by a quarter in a second comes to a fair share within some seconds, and bbr loses a
 * seventh for one second of two when it does not come. */
#define PATIENCE_US   (1 * S)
#define CHECK_MOST_US (1 * S)  /* a check whose flow has fallen silent */
#define SHARE_OLD_US  (10 * S) /* a share that was not seen for so long is lowered, a little */
#define LINK_OLD_US   (5 * S)  /* the same of what the link carries, where we never come near it */

#define BACKOFF_LEAST (50 * MS)
#define BACKOFF_MOST  (700 * MS) /* and some more to get up to speed: 3 s are the goal */
#define STAY_US	      (100 * MS)
#define BLIND_US      (500 * MS)
#define HELD_ROUNDS   3	      /* what our own start has queued is gone by then */
#define HELD_US	      (2 * S) /* of the goals' second to leave, and as long again */
#define CLEAR_ROUNDS  3	      /* without a queue: the window is the limit, it may grow faster */
#define FLOW_LEAST    16      /* segments: what has sent less is no flow to speak of */
#define IDLE_US	      (1 * S) /* after that, what is known of the link's state is old */

#define WINDOW_US     (120 * S) /* of the base; LEDBAT has ten minutes, in ten parts */
#define CALM_US	      (8 * S)	/* longer than the plateau of cubic at some 50 Mbit/s */
#define CALM_ROUNDS   50	/* and not two samples with silence between */
#define SLOW_EVERY_US (10 * S)	/* in the mean */
#define SLOW_FIRST_US (2 * S)	/* the same for the first one */
#define USUAL_ROUNDS  32	/* in which a rate is forgotten that was seen in one */
#define SLOW_ROUNDS   3		/* one to drain, one to see it, one for those who join later */
#define GREETING      3u	/* segments: the handshake, what is said, the end */
#define DRAIN_US      (100 * MS)
/* What comes later than that, and a round trip, or is more, is not what was left over. */
#define DRAIN_MOST_US (500 * MS)
#define DRAIN_SHARE   6u  /* of what the link carries in a second */
#define HANDED_SHARE  16u /* the same: what MPTCP hands over until it knows */

char _license[] SEC("license") = "GPL";

/* Since 6.10 cong_control() has the arguments ack and flag before the sample. */
const volatile _Bool has_ack_and_flag = 1;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256); /* the loader wants more */
	__type(key, struct scavenger_key);
	__type(value, struct scavenger_way);
} ways SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 10);
} events SEC(".maps");

enum mode { OPEN, YIELD };

/* Of a flow, in the room that the kernel has for a congestion control: 104 bytes. */
struct flow {
	u64 round_us, round_bytes; /* when this round began, and the way's bytes then */
	u64 acked_us;		   /* the last acknowledgement */
	u32 drain_rate, drain_us;  /* until then what is queued may go, at this rate, low bits; */
	u32 drain_seq;		   /* up to here */
	u32 round_end;		   /* tp->delivered at its end */
	u32 round_min_us;	   /* the least round trip of this round; NONE: no sample yet */
	u32 last_min_us;	   /* of the last round */
	u32 lost;		   /* tp->lost when this round began */
	u32 window, before;	   /* in UNITs: now, and a round ago */
	u32 saved;		   /* the window before a slowdown */
	u32 ssthresh;		   /* below it the window grows by a quarter */
	u32 check_us;	 /* the check that this flow has taken part in: low bits of its start */
	u32 slowdown_us; /* the same for a slowdown */
	u32 back_us;	 /* the least of the way back, by two clocks: low bits of the difference */
	u8 epoch;	 /* in which the flow was counted last, low bits */
	u8 mode, lacks, standing, slow_rounds, check_rounds, clear, holds, squeezes;
	u8 is_limited : 1, is_cut : 1, cuts : 1;
	u8 has_back : 1; /* back_us is known */
	u8 is_paced : 1; /* at the last acknowledgement more was queued */
};
_Static_assert(sizeof(struct flow) <= 104, "icsk_ca_priv");

#define NONE (~0u)

static inline struct tcp_sock *tcp_of(struct sock *sk)
{
	return (struct tcp_sock *)sk;
}

static inline struct flow *flow_of(struct sock *sk)
{
	return (struct flow *)((struct inet_connection_sock *)sk)->icsk_ca_priv;
}

static inline u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline u64 most(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* How long ago that was; 0 if another CPU has noted it just now, ahead of our time. */
static inline u64 since(u64 now, u64 then)
{
	return now > then ? now - then : 0;
}

/* The same for a moment of which the low bits are kept. */
static inline _Bool is_past(u64 now, u32 moment_us)
{
	return (s32)((u32)now - moment_us) >= 0;
}

static inline u64 per_second(u64 bytes, u64 us)
{
	return bytes * S / most(us, 1);
}

static inline u32 segment_bytes(const struct tcp_sock *tp)
{
	return most(tp->mss_cache, 64);
}

static inline void key_of(struct sock *sk, struct scavenger_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	if (sk->__sk_common.skc_family == AF_INET) {
		key->local[2] = key->remote[2] = __builtin_bswap32(0xffff);
		key->local[3] = sk->__sk_common.skc_rcv_saddr;
		key->remote[3] = sk->__sk_common.skc_daddr;
		if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
			key->local[2] = key->remote[2] = 0xffff;
		return;
	}
	if (!bpf_core_field_exists(sk->__sk_common.skc_v6_daddr))
		return;
	for (int i = 0; i < 4; i++) {
		key->local[i] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i];
		key->remote[i] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[i];
	}
}

/* NULL: not even now, the map is full or busy. The next acknowledgement tries again. */
static inline struct scavenger_way *way_of(const struct scavenger_key *key)
{
	struct scavenger_way *way = bpf_map_lookup_elem(&ways, key);
	struct scavenger_way fresh = {};

	if (way)
		return way;
	fresh.backoff_us = BACKOFF_LEAST;
	bpf_map_update_elem(&ways, key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&ways, key);
}

/* The base. */

static inline u32 queue_of(const struct scavenger_way *way, u32 rtt_us)
{
	u32 base_us = scavenger_base_us(way);

	return rtt_us > base_us ? rtt_us - base_us : 0;
}

/* A slowdown shows the base. Who begins in one is noticed less well: its moment is left to chance.
 */
static inline void set_slowdown(struct scavenger_way *way, u64 now, u32 mean_us)
{
	way->slowdown_due_us = now + mean_us / 4 * 3 + bpf_get_prandom_u32() % (mean_us / 2);
}

static inline void put_off_slowdown(struct scavenger_way *way, u64 now)
{
	set_slowdown(way, now, SLOW_EVERY_US);
}

static inline void note_base(struct scavenger_way *way, u32 rtt_us, u64 now)
{
	if (way->base_us == 0) {
		way->base_us = rtt_us;
		way->base_at_us = now;
		/* others' queue may have been there */
		set_slowdown(way, now, SLOW_FIRST_US);
	} else if (since(now, way->base_at_us) > WINDOW_US) {
		way->older_us = way->base_us;
		way->base_us = rtt_us;
		way->base_at_us = now;
	} else if (rtt_us < way->base_us) {
		way->base_us = rtt_us;
	}
}

/*
 * The round trip without what its way back has taken longer than the least of this flow: a queue
 * there is that of what comes to us. The way back is from when the far end acknowledged, by its
 * clock, to now, by ours; RFC 7323, in milliseconds, as Linux has it. What is found to be more than
 * the whole queue is no queue: clocks differ in speed, or the timestamps have another unit.
 */
static inline u32 without_way_back(const struct tcp_sock *tp, struct flow *flow,
				   const struct scavenger_way *way, u32 rtt_us, u64 now)
{
	u32 back_us = (u32)now - tp->rx_opt.rcv_tsval * (u32)MS;
	u32 late_us = back_us - flow->back_us;

	if (tp->rx_opt.rcv_tsecr == 0)
		return rtt_us;
	/* negative is a lot, too */
	if (!flow->has_back || late_us > queue_of(way, rtt_us) + BACK_GRAIN_US) {
		flow->back_us = back_us;
		flow->has_back = 1;
		return rtt_us;
	}
	return late_us > BACK_GRAIN_US ? rtt_us - (late_us - BACK_GRAIN_US) : rtt_us;
}

/* Clocks that differ by that much in speed are followed. */
static inline void age_back(struct flow *flow, u64 elapsed_us)
{
	flow->back_us += least(elapsed_us, 10 * S) / DRIFT_SHARE;
}

/* While we are away: a queue of others comes and goes, what stays as it is is the way itself. */
static inline void note_calm(struct scavenger_way *way, u32 rtt_us, u32 lost, u64 now)
{
	u32 low_us = least(rtt_us, way->low_us), high_us = most(rtt_us, way->high_us);

	if (way->calm_us == 0 || lost || high_us - low_us > 1000 + way->base_us / 16) {
		way->low_us = way->high_us = rtt_us;
		way->calm_us = now;
		way->calm_rounds = 0;
		return;
	}
	way->low_us = low_us;
	way->high_us = high_us;
	way->calm_rounds++;
	if (since(now, way->calm_us) < CALM_US || way->calm_rounds < CALM_ROUNDS)
		return;
	way->base_us = low_us;
	way->older_us = 0;
	way->base_at_us = now;
	way->calm_us = 0;
}

/* The share. */

/* Our rate in a round whose queue never was empty: all that the link has for us. */
static inline void note_share(struct scavenger_way *way, u64 rate, u64 now)
{
	if (rate >= way->share) {
		/* a quarter of the way: one round is too fast when acknowledgements come in bunches
		 */
		way->share += way->share ? (rate - way->share) / 4 : rate;
		way->share_us = now;
	} else if (since(now, way->share_us) > SHARE_OLD_US) {
		way->share -= way->share / 64;
		if (way->capacity > way->share)
			way->capacity -= (way->capacity - way->share) / 4;
		way->share_us = now;
	}
	if (way->share > way->capacity)
		way->capacity = way->share;
}

/* How long the link needs for two segments: what is less is no queue, on a slow link. All bounds of
 * the queue are moved by it. */
static inline u32 grain_us(const struct scavenger_way *way)
{
	return way->share ? least(2 * 1500 * S / way->share, GRAIN_MOST) : 0;
}

static inline u32 low_us(const struct scavenger_way *way)
{
	return LOW_US + grain_us(way) / 2;
}

static inline u32 target_us(const struct scavenger_way *way)
{
	return TARGET_US + grain_us(way);
}

static inline u32 strong_us(const struct scavenger_way *way)
{
	return STRONG_US + grain_us(way);
}

static inline _Bool lacks_share(const struct scavenger_way *way, u64 rate)
{
	return rate * 100 < way->share * LACK_PERCENT;
}

/* How many of our flows use a way: those that were acknowledged in an epoch of about a second.
 * Greetings and the like don't count. */

static inline void count_flow(const struct tcp_sock *tp, struct flow *flow,
			      struct scavenger_way *way, u64 now)
{
	u32 epoch = (u32)(now >> 20);

	if (flow->epoch == (u8)epoch || tp->delivered < FLOW_LEAST)
		return;
	flow->epoch = (u8)epoch;
	if (way->epoch != epoch) {
		way->n_last = way->n_now;
		way->n_now = 0;
		way->epoch = epoch;
	}
	way->n_now++;
}

static inline u32 flows_of(const struct scavenger_way *way)
{
	return most(most(way->n_now, way->n_last), 1);
}

/* Windows. */

/* The window that carries a rate over a round trip. */
static inline u32 window_of(const struct tcp_sock *tp, u64 rate, u32 rtt_us)
{
	u64 bytes = least(rate, 1ull << 36) * rtt_us / S;

	return least(bytes * UNIT / segment_bytes(tp), WINDOW_MOST * UNIT);
}

static inline void set_window(struct flow *flow, u64 window)
{
	flow->window = most(least(window, WINDOW_MOST * UNIT), 1);
}

/* The window of a flow while its way has the floor. */
static inline u32 floor_of(const struct scavenger_way *way)
{
	return most(FLOOR / flows_of(way), 1);
}

static inline void scale_window(struct flow *flow, u32 by, u32 over)
{
	set_window(flow, (u64)flow->window * by / most(over, 1));
}

static inline u32 in_flight(const struct tcp_sock *tp)
{
	return tp->packets_out - tp->sacked_out - tp->lost_out + tp->retrans_out;
}

static inline void begin_round(struct tcp_sock *tp, struct flow *flow,
			       const struct scavenger_way *way, u64 now)
{
	flow->round_us = now;
	flow->round_bytes = way->bytes;
	flow->round_min_us = NONE;
	flow->round_end = tp->delivered + most(in_flight(tp), LONE);
	flow->lost = tp->lost;
	flow->is_limited = 0;
}

/* Yielding. */

static inline void tell(const struct scavenger_key *key, u64 until_us)
{
	struct scavenger_event event = {.key = *key, .until_us = until_us};

	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
}

static inline _Bool is_yielding(const struct scavenger_way *way, u64 now)
{
	return now < way->until_us;
}

static inline _Bool is_mptcp(const struct tcp_sock *tp)
{
	return bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp;
}

/*
 * What MPTCP has queued on this subflow can not go elsewhere, and holds up the rest of the stream:
 * it goes within DRAIN_US, or at half of the capacity if that takes longer. MPTCP goes on handing
 * over until it knows. Where there is no other path that has no end, as with plain TCP: then it is
 * not much that goes so.
 */
static inline void begin_drain(struct tcp_sock *tp, struct flow *flow,
			       const struct scavenger_way *way, u64 now)
{
	u32 queued = tp->write_seq - tp->snd_nxt;
	u64 bytes = queued + most(way->capacity / HANDED_SHARE, TRY_BYTES);

	bytes = least(bytes, most(way->capacity / DRAIN_SHARE, 2 * TRY_BYTES));
	if (way->is_endless)
		bytes = least(bytes, TRY_BYTES);
	flow->drain_rate = 0;
	flow->drain_us = (u32)(now + DRAIN_MOST_US + scavenger_base_us(way));
	flow->drain_seq =
		tp->snd_nxt + (is_mptcp(tp) ? (u32)least(bytes / flows_of(way), NONE / 4) : 0);
}

/* How much of it is left. */
static inline u32 left_over(const struct tcp_sock *tp, const struct flow *flow, u64 now)
{
	u32 queued = tp->write_seq - tp->snd_nxt, most_bytes = flow->drain_seq - tp->snd_nxt;

	if (is_past(now, flow->drain_us) || (s32)most_bytes <= 0)
		return 0;
	return least(queued, most_bytes);
}

/* This flow follows its way. */
static inline void leave(struct tcp_sock *tp, struct flow *flow, const struct scavenger_way *way,
			 u64 now)
{
	flow->mode = YIELD;
	flow->window = floor_of(way);
	flow->lacks = flow->slow_rounds = flow->check_rounds = 0;
	begin_drain(tp, flow, way, now);
	begin_round(tp, flow, way, now);
}

static inline void begin_yield(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			       const struct scavenger_key *key, u64 now)
{
	if (!is_yielding(way, now)) {
		/* up to a quarter more or less: two that share a link do not try in step */
		u64 pause_us = way->backoff_us - way->backoff_us / 4;
		u64 gone_us = least(GONE_ROUNDS * scavenger_base_us(way), GONE_MOST_US);

		pause_us += bpf_get_prandom_u32() % (u32)most(least(way->backoff_us, S) / 2, 1);
		if (way->resume_rate)
			pause_us = most(pause_us, gone_us);
		way->until_us = now + pause_us + scavenger_base_us(way);
		way->backoff_us = least(way->backoff_us * 2, BACKOFF_MOST);
		way->left_us = now;
		way->check_us = way->slowdown_us = 0;
		way->pushes = 0;
		way->is_held = 0;
		way->yields++;
		way->yielded_us += way->until_us - now;
		tell(key, way->until_us);
	}
	leave(tp, flow, way, now);
}

/* The pause is over, but others' queue still stands. */
static inline void stay_away(struct scavenger_way *way, const struct scavenger_key *key, u64 now)
{
	way->until_us = now + STAY_US;
	way->yielded_us += STAY_US;
	tell(key, way->until_us);
}

/* Up to here a try grows by quarters. */
static inline u64 try_rate(const struct scavenger_way *way)
{
	return way->retry_rate ? way->retry_rate : way->capacity;
}

static inline void begin_try(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			     u64 now)
{
	if (way->try_us < way->until_us) {
		way->try_us = now;
		put_off_slowdown(way, now);
	}
	flow->mode = OPEN;
	flow->before = flow->lacks = flow->clear = flow->holds = 0;
	flow->squeezes = 0;
	flow->ssthresh = way->share ? window_of(tp, try_rate(way), scavenger_base_us(way)) /
					      flows_of(way) / 16 * 15
				    : NONE;
	way->weak_rate = 0;
	flow->drain_seq = tp->snd_nxt;
}

/* Many flows that begin with little of a segment each would need seconds to get up to speed. */
static inline u32 start_of(const struct tcp_sock *tp, const struct scavenger_way *way)
{
	u32 n = flows_of(way);
	u32 several = window_of(tp, way->capacity / SEVERAL_SHARE, scavenger_base_us(way));

	return most(n > 1 ? most(START, several) / n : START, 1);
}

/*
 * MPTCP hands a subflow 64 KiB at once, and what comes later in the stream waits for them. So they
 * go within a round trip, if that is less than half of what the link has been seen to carry.
 */
static inline u32 try_window(const struct tcp_sock *tp, const struct scavenger_way *way)
{
	u32 chunk = TRY_BYTES / segment_bytes(tp) * UNIT;
	u32 half = window_of(tp, try_rate(way) / 2, scavenger_base_us(way)) / flows_of(way);
	u32 start = start_of(tp, way);

	if (way->resume_rate)
		return most(window_of(tp, way->resume_rate, scavenger_base_us(way)) / flows_of(way),
			    start);
	return is_mptcp(tp) ? most(least(chunk, half), start) : start;
}

/* Not before what our own beginning has queued is gone. */
static inline void note_held(struct flow *flow, struct scavenger_way *way, u32 queue_us, u64 rate,
			     u64 now)
{
	if (way->share == 0 || lacks_share(way, rate) || queue_us <= LOW_US / 2 ||
	    queue_us > target_us(way))
		flow->holds = 0;
	else if (++flow->holds >= HELD_ROUNDS)
		way->is_held = 1;
	if (way->is_held)
		way->retry_rate = way->resume_rate = 0;
	if (since(now, way->try_us) > HELD_US)
		way->backoff_us = BACKOFF_LEAST;
}

/* The slowdown. All our flows take part: one that goes on would take what the others leave. */

static inline void join_slowdown(struct flow *flow, const struct scavenger_way *way)
{
	u32 base_us = scavenger_base_us(way);

	flow->slowdown_us = (u32)way->slowdown_us;
	flow->slow_rounds = SLOW_ROUNDS;
	flow->saved = flow->window;
	scale_window(flow, base_us / 4 * 3, base_us + way->slowdown_queue_us);
}

static inline void begin_slowdown(struct flow *flow, struct scavenger_way *way, u32 queue_us,
				  u64 now)
{
	put_off_slowdown(way, now);
	way->slowdown_us = now;
	way->slowdown_queue_us = queue_us;
	join_slowdown(flow, way);
}

static inline void end_slowdown(struct flow *flow)
{
	flow->slow_rounds = 0;
	flow->window = flow->saved;
}

/* This flow follows its way. Nobody joins later than the first can have ended it: if that one has
 * gone, nobody has. */
static inline void follow_slowdown(struct tcp_sock *tp, struct flow *flow,
				   const struct scavenger_way *way, u64 now)
{
	u32 least_us = SLOW_ROUNDS * most(scavenger_base_us(way), ROUND_LEAST_US);
	_Bool has_joined = flow->slowdown_us == (u32)way->slowdown_us;

	if (flow->slow_rounds && !has_joined) {
		end_slowdown(flow);
		begin_round(tp, flow, way, now);
	}
	if (way->slowdown_us && !has_joined && !flow->check_rounds &&
	    since(now, way->slowdown_us) < least_us) {
		join_slowdown(flow, way);
		begin_round(tp, flow, way, now);
	}
}

/* The check: is it others who keep us from our share? */

/* The window loses what stands in the queue, and an eighth: a queue of our own vanishes by that. A
 * trace of a queue is left, since windows on short ways are nothing but queue. */
static inline void join_check(struct tcp_sock *tp, struct flow *flow,
			      const struct scavenger_way *way, u32 queue_us, u64 now)
{
	u32 base_us = scavenger_base_us(way);

	if (flow->slow_rounds)
		end_slowdown(flow);
	flow->check_us = (u32)way->check_us;
	flow->check_rounds = 2; /* the first still sees what was sent before the cut */
	scale_window(flow, (base_us + LOW_US / 2) / 8 * 7, base_us + most(queue_us, LOW_US / 2));
	begin_round(tp, flow, way, now);
}

static inline void begin_check(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			       u32 queue_us, u64 rate, u64 now)
{
	way->check_us = now;
	way->check_rate = rate;
	join_check(tp, flow, way, queue_us, now);
}

static inline void end_check(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			     const struct scavenger_key *key, u32 queue_us, u64 rate, u64 now)
{
	way->check_us = 0;
	flow->lacks = 0;
	if (queue_us > low_us(way) || rate * 100 < way->check_rate * 70) {
		begin_yield(tp, flow, way, key, now);
		return;
	}
	if (is_mptcp(tp) && most(rate, way->check_rate) < way->capacity / WORTH_IT) {
		if (since(now, way->share_us) > LINK_OLD_US) {
			way->capacity -= way->capacity / 16;
			way->share_us = now;
		}
		begin_yield(tp, flow, way, key, now);
		return;
	}
	way->share = most(most(rate, way->check_rate), 16 * segment_bytes(tp));
	way->capacity = most(way->capacity, way->share);
	way->share_us = now;
	way->is_held = 1;
	way->weak_rate = 0;
	scale_window(flow, 8, 7);
	flow->ssthresh = flow->window;
}

/* Growing and shrinking. */

/* Below ssthresh a quarter in a round, as a slow start with a gain of 1/4; then a segment in a
 * round, the same for each who shares the link, and more only while no queue comes of it. */
static inline void grow(const struct tcp_sock *tp, struct flow *flow,
			const struct scavenger_way *way, u64 now)
{
	u64 trips = (now - flow->round_us) / most(flow->last_min_us, ROUND_LEAST_US);
	u32 rounds = most(least(trips, CATCH_UP), 1);
	u32 least_step = most(UNIT * rounds / flows_of(way), 1);
	u32 step = least_step;

	if (flow->window < flow->ssthresh) {
		step = flow->window / 4 * rounds;
		step = least(most(step, 1), most(flow->ssthresh - flow->window, UNIT));
		flow->clear = 0;
	} else if (flow->standing) {
		flow->clear = 0;
	} else if ((flow->clear += rounds) > CLEAR_ROUNDS) {
		flow->clear = least(flow->clear, CLEAR_ROUNDS + 6);
		step = flow->window / (flow->clear > 2 * CLEAR_ROUNDS ? 8 : 32) * rounds;
		/* two rounds pass until we see what it did: no more than the target in these */
		step = least(step, window_of(tp, way->capacity, TARGET_US / 2) / flows_of(way));
		step = most(least(step, UNIT << (flow->clear - CLEAR_ROUNDS)), least_step);
	}
	set_window(flow, flow->window + step);
}

/*
 * How much of a queue our own windows make: what we have under way (by Little's law), less what the
 * link's base holds. A link that has stalled moves that from the way into the queue, and makes no
 * more of it: our rate is less than usual then. (Beside another scavenger it is less than our share
 * all the time: who would cut less for that than the other takes his part.)
 */
static inline u32 own_queue_us(const struct scavenger_way *way, u32 queue_us)
{
	u32 base_us = scavenger_base_us(way);
	u64 usual = least(way->usual_rate, way->share), own_us;

	if (!way->is_held || usual == 0 || way->rate >= usual)
		return queue_us;
	own_us = least(way->rate, 1ull << 36) * (base_us + queue_us) / usual;
	return own_us > base_us + low_us(way) ? own_us - base_us : low_us(way);
}

/* The queue is longer than the target: all but LOW_US of it goes, and at first only of what we
 * have made. One round has to pass before a cut shows. */
static inline void shrink(struct flow *flow, const struct scavenger_way *way, u32 queue_us)
{
	u32 base_us = scavenger_base_us(way);

	if (flow->is_cut) {
		flow->is_cut = 0;
		return;
	}
	flow->is_cut = 1;
	if (flow->cuts == 0)
		queue_us = own_queue_us(way, queue_us);
	flow->cuts = 1;
	if (queue_us > strong_us(way) && flow->before && flow->before < flow->window)
		flow->window = flow->before; /* what this round has sent is not in the queue yet */
	scale_window(flow, base_us + low_us(way), base_us + queue_us);
	flow->ssthresh = flow->window;
}

/* Whether the window grows by quarters beyond what we have had here. */
static inline _Bool is_unknown(const struct tcp_sock *tp, const struct flow *flow,
			       const struct scavenger_way *way)
{
	return flow->window < flow->ssthresh &&
	       flow->window > window_of(tp, way->share, scavenger_base_us(way)) / 16 * 15;
}

/* The first queue that we see so: the window of a round ago made it. */
static inline void end_slow_start(struct flow *flow)
{
	if (flow->before && flow->before < flow->window)
		flow->window = flow->before;
	flow->ssthresh = flow->window;
	flow->is_cut = 1;
}

/* A link that loses one of a hundred by itself is none that is full. */
static inline _Bool is_stray(const struct flow *flow, const struct scavenger_way *way, u32 lost,
			     u32 queue_us)
{
	return queue_us <= low_us(way) && lost <= most(2, flow->window / UNIT / 64);
}

static inline void on_loss(struct flow *flow, const struct scavenger_way *way, u32 lost,
			   u32 queue_us)
{
	if (queue_us <= strong_us(way) && lost <= most(4, flow->window / UNIT / 32)) {
		scale_window(flow, 15, 16);
		return;
	}
	scale_window(flow, 1, 2);
	flow->ssthresh = flow->window;
	flow->is_cut = 1;
}

/* Whether it is time for a check. */
static inline _Bool is_lacking(struct flow *flow, struct scavenger_way *way, u32 queue_us, u64 rate,
			       u64 now)
{
	if (queue_us <= low_us(way) || !lacks_share(way, rate)) {
		flow->lacks = 0;
		way->weak_rate = 0;
		return 0;
	}
	if (queue_us > strong_us(way))
		return ++flow->lacks >= LACK_ROUNDS;
	flow->lacks = 0;
	if (way->weak_rate == 0 || rate * 4 > way->weak_rate * 5) {
		way->weak_rate = most(rate, 1);
		way->weak_us = now;
	}
	return since(now, way->weak_us) > PATIENCE_US;
}

/* Whether others leave us less without a queue, where the buffer is too short for one. */
static inline _Bool is_squeezed(struct flow *flow, const struct scavenger_way *way, u32 queue_us,
				u64 rate, u32 lost, u64 now)
{
	if (!lost || queue_us > low_us(way) || !lacks_share(way, rate) ||
	    since(now, way->try_us) < RAMP_US) {
		flow->squeezes = 0;
		return 0;
	}
	return ++flow->squeezes >= LOSS_ROUNDS;
}

/* The window after a round in which there was neither reason to leave nor to check. */
static inline void adjust_window(const struct tcp_sock *tp, struct flow *flow,
				 struct scavenger_way *way, u32 queue_us, u32 lost, u64 now)
{
	u32 before = flow->window;

	if (lost && !is_stray(flow, way, lost, queue_us)) {
		on_loss(flow, way, lost, queue_us);
	} else if (queue_us > target_us(way)) {
		shrink(flow, way, queue_us);
	} else if (flow->is_limited && is_unknown(tp, flow, way) && flow->standing >= STANDING) {
		end_slow_start(flow);
	} else if (flow->is_limited) {
		flow->is_cut = flow->cuts = 0;
		grow(tp, flow, way, now);
		if (now > way->slowdown_due_us && queue_us > TARGET_US / 2 &&
		    flow->window >= flow->ssthresh && way->check_us == 0)
			begin_slowdown(flow, way, queue_us, now);
	}
	flow->before = before;
}

/* A round of a flow whose way is open. */
static inline void end_open_round(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
				  const struct scavenger_key *key, u32 queue_us, u64 rate, u32 lost,
				  u64 now)
{
	if (flow->slow_rounds) {
		if (--flow->slow_rounds == 0) {
			way->slowdown_us = 0; /* for all */
			end_slowdown(flow);
		}
		return;
	}
	if ((queue_us > LOW_US / 2 || lost) && flow->is_limited)
		note_share(way, way->steady_rate, now);
	if (flow->check_rounds) {
		if (--flow->check_rounds == 0 && way->check_us)
			end_check(tp, flow, way, key, queue_us, rate, now);
		return;
	}
	note_held(flow, way, queue_us, rate, now);
	if (is_squeezed(flow, way, queue_us, rate, lost, now))
		begin_yield(tp, flow, way, key, now);
	else if (is_lacking(flow, way, queue_us, rate, now))
		begin_check(tp, flow, way, queue_us, rate, now);
	else
		adjust_window(tp, flow, way, queue_us, lost, now);
}

/* A try begins with a small window, in which what is left over would take longer than by a drain.
 */
static inline _Bool has_leftovers(const struct tcp_sock *tp, const struct flow *flow, u64 now)
{
	return left_over(tp, flow, now) ||
	       (is_mptcp(tp) && tp->lost_out && !is_past(now, flow->drain_us));
}

static inline void try_again(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			     u64 now)
{
	if (has_leftovers(tp, flow, now))
		return;
	way->is_endless = tp->write_seq - tp->snd_nxt > 2 * TRY_BYTES;
	begin_try(tp, flow, way, now);
	if (is_mptcp(tp) || way->resume_rate || flows_of(way) > 1)
		flow->window = try_window(tp, way);
	begin_round(tp, flow, way, now);
}

/*
 * Whether a round that ends with a queue began when nothing of ours was there but floors: all our
 * flows had heard that we leave, and what they had sent, and the drain, was gone.
 */
static inline _Bool others_stand(const struct tcp_sock *tp, const struct flow *flow,
				 const struct scavenger_way *way, u32 rtt_us)
{
	u32 drain_us = is_mptcp(tp) ? DRAIN_MOST_US : DRAIN_US;

	return queue_of(way, rtt_us) > strong_us(way) && !tp->lost_out &&
	       since(flow->round_us, way->left_us) > 2 * rtt_us + drain_us;
}

/* A round of the floor, which goes on while the way yields. */
static inline void end_yield_round(struct tcp_sock *tp, struct flow *flow,
				   struct scavenger_way *way, const struct scavenger_key *key,
				   u32 rtt_us, u32 lost, u64 now)
{
	note_calm(way, rtt_us, lost, now);
	if (lost || queue_of(way, rtt_us) > low_us(way))
		way->resume_rate = 0;
	if (others_stand(tp, flow, way, rtt_us))
		way->retry_rate = 0;
	if (is_yielding(way, now))
		return;
	if (queue_of(way, rtt_us) > strong_us(way))
		stay_away(way, key, now);
	else
		try_again(tp, flow, way, now);
}

/*
 * The pause is over, but no acknowledgement has told a round trip since: segments that come one by
 * one, and are less than the most that TCP alone would send, as MPTCP's are, may be acknowledged
 * late (is_ack_delayed). A try finds out.
 */
static inline _Bool is_blind(const struct flow *flow, const struct scavenger_way *way, u64 now)
{
	return flow->mode == YIELD && flow->round_min_us == NONE && !is_yielding(way, now) &&
	       now - flow->round_us > BLIND_US;
}

/* The most of some round trips: after a stall the link is as fast as before. */
static inline void note_usual(struct scavenger_way *way, u64 now)
{
	if (since(now, way->usual_us) < most(scavenger_base_us(way), ROUND_LEAST_US))
		return;
	if (since(now, way->usual_us) > 1 * S)
		way->usual_rate = 0;
	way->usual_rate -= way->usual_rate / USUAL_ROUNDS;
	way->usual_rate = most(way->usual_rate, way->steady_rate);
	way->usual_us = now;
}

static inline void end_round(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			     const struct scavenger_key *key, u64 now)
{
	u32 rtt_us = flow->round_min_us, lost = tp->lost - flow->lost;
	u64 bytes = way->bytes - flow->round_bytes;
	u64 rate = way->bytes >= flow->round_bytes ? per_second(bytes, now - flow->round_us) : 0;
	u32 queue_us = queue_of(way, rtt_us);

	age_back(flow, now - flow->round_us);
	flow->last_min_us = rtt_us;
	way->queue_us = queue_us;
	/* what comes late in one round comes too fast in the next */
	way->steady_rate = since(now, way->rate_us) < 1 * S ? least(rate, way->rate) : rate;
	way->rate = rate;
	note_usual(way, now);
	way->rate_us = now;
	if (flow->mode == YIELD)
		end_yield_round(tp, flow, way, key, rtt_us, lost, now);
	else
		end_open_round(tp, flow, way, key, queue_us, rate, lost, now);
	begin_round(tp, flow, way, now);
}

/* For how many acknowledgements in turn there has been a queue: sooner than the least of a round
 * tells, and one that came late by itself does not matter. */
static inline void note_standing(struct flow *flow, const struct scavenger_way *way, u32 rtt_us)
{
	if (queue_of(way, rtt_us) <= low_us(way))
		flow->standing = 0;
	else if (flow->standing < STANDING)
		flow->standing++;
}

static inline void begin_push(struct scavenger_way *way, u64 now)
{
	way->push_us = (u32)now;
	way->silence_us = 0;
	way->push_bytes = (u32)way->bytes;
}

/* 0: another CPU has begun it anew, ahead of our time. */
static inline u32 push_took_us(const struct scavenger_way *way, u64 now)
{
	return is_past(now, way->push_us) ? (u32)now - way->push_us : 0;
}

static inline u64 debt_of_others(const struct scavenger_way *way)
{
	return most(DEBT_SEGMENTS * 1500, way->share * DEBT_US / S);
}

/*
 * What the link owes us, while it is ours and the queue stands: its time less what was delivered.
 * Others had it; but for a silence, in which nobody was served.
 */
static inline void note_debt(struct scavenger_way *way, u32 rtt_us, u64 bytes, u64 now)
{
	u64 gap_us = since(now, way->acked_us);
	u64 owed;

	if (!way->is_held || queue_of(way, rtt_us) <= low_us(way)) {
		way->debt = 0;
		return;
	}
	if (gap_us > DEBT_GAP_US + grain_us(way))
		gap_us = 0;
	owed = way->debt + (way->share - way->share / DEBT_SHARE) * gap_us / S;
	way->debt = least(since(owed, bytes), 2 * debt_of_others(way));
}

/* Whether acknowledgements have come more slowly since the push began. */
static inline _Bool is_slowed(struct scavenger_way *way, u64 now)
{
	u32 took_us = push_took_us(way, now);
	u32 silence_us = way->silence_us > SILENCE_US ? way->silence_us : 0;
	u64 bytes = (u32)way->bytes - way->push_bytes + PUSH_SLACK * 1500;
	u64 rate = per_second(bytes, since(took_us, silence_us));

	if (rate * 100 < way->share * PUSH_PERCENT)
		return 1;
	if (took_us >= PUSH_WINDOW)
		begin_push(way, now);
	return 0;
}

/* So much that others have had it. */
static inline _Bool is_owed(const struct scavenger_way *way)
{
	return way->debt > debt_of_others(way);
}

/*
 * A queue of so much is others'. In a slowdown that has been seen to empty the link, none is ours:
 * the bursts of a slow start find room beside us then, so it is short, and where the buffer is
 * short, too, the next ones are lost.
 */
static inline u32 others_us(const struct flow *flow, const struct scavenger_way *way)
{
	if (flow->slow_rounds && flow->slow_rounds < SLOW_ROUNDS &&
	    queue_of(way, flow->round_min_us) <= low_us(way))
		return TARGET_US / 2 + grain_us(way);
	return (is_owed(way) ? STRONG_US : PUSH_US) + 2 * grain_us(way);
}

/* Whether others push: see the top of this file. In a try a queue is enough. */
static inline _Bool is_pushed(const struct flow *flow, struct scavenger_way *way, u32 rtt_us,
			      u64 now)
{
	if ((!way->is_held && way->until_us == 0) || queue_of(way, rtt_us) < others_us(flow, way)) {
		way->pushes = 0;
		return 0;
	}
	if (way->pushes == 0)
		begin_push(way, now);
	else
		way->silence_us = most(way->silence_us, since(now, way->acked_us));
	if (way->pushes < PUSH_ACKS)
		way->pushes++;
	if (way->pushes < PUSH_ACKS)
		return 0;
	return is_owed(way) ||
	       (push_took_us(way, now) >= PUSH_LONG && (!way->is_held || is_slowed(way, now)));
}

/*
 * If it happens in a try, it may be that the link has become slower, and that we have pushed: the
 * next try grows with care from three quarters of this rate on, until a lack leads to a check; but
 * no sooner than at a quarter of where this one would have, since others push as well when it has
 * just begun. That is forgotten if the queue stands while we are away (others_stand(),
 * note_handshake()). If the link was ours, and is empty as soon as we are gone, it was nobody's
 * push: we go on at half of what we had.
 */
static inline void on_push(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			   const struct scavenger_key *key, u32 rtt_us, u64 now)
{
	u64 bytes = (u64)flow->window * segment_bytes(tp) / UNIT * flows_of(way);

	if (!way->is_held)
		way->retry_rate = most(per_second(bytes, rtt_us) / 4 * 3, try_rate(way) / 4);
	way->resume_rate = way->is_held ? way->share / 2 : 0;
	begin_yield(tp, flow, way, key, now);
}

/* What this flow has to hear of before it looks at its own samples. */
static inline void follow_way(struct tcp_sock *tp, struct flow *flow, struct scavenger_way *way,
			      u64 now)
{
	if (flow->mode == OPEN && is_yielding(way, now))
		leave(tp, flow, way, now);
	if (way->check_us && since(now, way->check_us) > CHECK_MOST_US)
		way->check_us = 0;
	if (flow->mode == YIELD && way->try_us > way->until_us)
		try_again(tp, flow, way, now);
	if (flow->mode == OPEN && way->check_us && flow->check_us != (u32)way->check_us)
		join_check(tp, flow, way, way->queue_us, now);
	if (flow->mode == OPEN)
		follow_slowdown(tp, flow, way, now);
}

/* The floor's pace, or that of the drain. What was lost is sent again soon, since all that follows
 * waits for it. */
static inline u64 yield_rate(const struct tcp_sock *tp, const struct flow *flow,
			     const struct scavenger_way *way, u64 now)
{
	u32 segment = segment_bytes(tp);
	u64 all = way->capacity / flows_of(way);
	u64 rate = most(most(all / 64, FLOOR_PACE * segment / flows_of(way)), segment);
	u64 repair = per_second((u64)tp->lost_out * segment, DRAIN_US);

	rate = most(rate, least(repair, all / (is_mptcp(tp) ? 2 : 8)));
	return most(rate, flow->drain_rate);
}

static inline void note_drain(const struct tcp_sock *tp, struct flow *flow,
			      const struct scavenger_way *way, u64 now)
{
	u32 bytes = left_over(tp, flow, now);
	u64 rate = least(per_second(bytes, DRAIN_US), way->capacity / 2 / flows_of(way));

	if (bytes == 0)
		flow->drain_rate = 0;
	else if (rate > flow->drain_rate)
		flow->drain_rate = least(rate, NONE);
}

/*
 * What comes one by one, and later than every 20 ms, is acknowledged late (40 ms), which looks like
 * a queue. So it goes in pairs; the kernel sends no more than half of the window at once.
 */
static inline _Bool is_slow(const struct sock *sk)
{
	return sk->sk_pacing_rate < PAIR_PACE * segment_bytes(tcp_of((struct sock *)sk));
}

static inline void set_pace(struct sock *sk, struct flow *flow, const struct scavenger_way *way,
			    u64 now)
{
	struct tcp_sock *tp = tcp_of(sk);
	u32 rtt_us = flow->last_min_us ? flow->last_min_us : scavenger_base_us(way);
	u32 window;
	u64 rate;

	flow->window = most(flow->window, floor_of(way));
	window = flow->window;
	if (flow->mode == YIELD) {
		note_drain(tp, flow, way, now);
		rate = yield_rate(tp, flow, way, now);
		window = most(window, window_of(tp, rate, rtt_us));
	} else {
		rate = per_second((u64)window * segment_bytes(tp) / UNIT, rtt_us);
		/* the window is the limit: where it does not grow by quarters, more would be bursts
		 */
		rate += flow->window < flow->ssthresh / 4 * 3 ? rate / 4 : rate / 16;
	}
	sk->sk_pacing_rate = most(rate, segment_bytes(tp));
	window = most(window, is_slow(sk) ? 2 * PAIR * UNIT : FLOOR);
	tp->snd_cwnd = least(window / UNIT, tp->snd_cwnd_clamp);
}

static inline void on_ack(struct sock *sk, const struct rate_sample *sample)
{
	struct tcp_sock *tp = tcp_of(sk);
	struct flow *flow = flow_of(sk);
	u64 now = tp->tcp_mstamp;
	struct scavenger_key key;
	struct scavenger_way *way;
	long rtt_us = sample->is_ack_delayed ? -1 : sample->rtt_us;
	u64 bytes = (u64)sample->acked_sacked * tp->mss_cache;

	key_of(sk, &key);
	way = way_of(&key);
	if (!way)
		return;
	if (rtt_us > 0 && rtt_us < 60 * (long)S)
		note_base(way, rtt_us, now);
	else
		rtt_us = 0;
	if (flow->window == 0) /* the SYN is acknowledged before init() is called */
		return;
	count_flow(tp, flow, way, now);
	__sync_fetch_and_add(&way->bytes, bytes);
	if (rtt_us > 0) {
		rtt_us = without_way_back(tp, flow, way, rtt_us, now);
		flow->round_min_us = least(flow->round_min_us, rtt_us);
		note_standing(flow, way, rtt_us);
	}
	if (way->base_us == 0) {
		flow->acked_us = now;
		return;
	}
	if ((u64)sample->prior_in_flight * UNIT >= flow->window / 2)
		flow->is_limited = 1;
	follow_way(tp, flow, way, now);
	if (rtt_us > 0)
		note_debt(way, rtt_us, bytes, now);
	if (flow->mode == OPEN && rtt_us > 0 && is_pushed(flow, way, rtt_us, now))
		on_push(tp, flow, way, &key, rtt_us, now);
	flow->acked_us = now;
	way->acked_us = most(way->acked_us, now); /* another CPU may have been ahead of us */
	if (tp->delivered > GREETING)
		way->carried_us = way->acked_us;
	flow->is_paced = tp->write_seq != tp->snd_nxt;
	if ((s32)(tp->delivered - flow->round_end) >= 0 && flow->round_min_us != NONE &&
	    now - flow->round_us >= ROUND_LEAST_US)
		end_round(tp, flow, way, &key, now);
	else if (is_blind(flow, way, now))
		try_again(tp, flow, way, now);
	set_pace(sk, flow, way, now);
}

SEC("struct_ops/scavenger_cong_control")
int scavenger_cong_control(u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	const struct rate_sample *sample;

	/* One of both is dead code when the program is loaded, and never looked at by the verifier,
	 * so the compiler must not make one load of them. */
	if (has_ack_and_flag) {
		sample = (const struct rate_sample *)ctx[3];
		barrier_var(sample);
	} else {
		sample = (const struct rate_sample *)ctx[1];
		barrier_var(sample);
	}
	on_ack(sk, sample);
	return 0;
}

/*
 * While MPTCP has its streams elsewhere we hear nothing of the way but the round trip of the
 * handshake of a connection that begins there, as greetings do. If nothing of ours was acknowledged
 * meanwhile, nothing of ours was in the queue before it. One may be late by itself. What stands on
 * the way back counts here as well: a try that grows too fast is all that comes of it. Where
 * init() is called later (data_segs_out), what the kernel knows is no handshake's round trip.
 */
static inline void note_handshake(const struct tcp_sock *tp, struct scavenger_way *way, u64 now)
{
	u32 rtt_us = tp->srtt_us >> 3;

	if (!rtt_us || tp->data_segs_out || since(now, way->carried_us) <= rtt_us)
		return;
	if (queue_of(way, rtt_us) <= strong_us(way))
		way->standing = 0;
	else if (++way->standing >= 2)
		way->retry_rate = 0;
}

SEC("struct_ops/scavenger_init")
void BPF_PROG(scavenger_init, struct sock *sk)
{
	struct tcp_sock *tp = tcp_of(sk);
	struct flow *flow = flow_of(sk);
	u64 now = bpf_ktime_get_ns() / 1000; /* tcp_mstamp may not be set yet */
	struct scavenger_key key;
	struct scavenger_way *way;

	key_of(sk, &key);
	way = way_of(&key);
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->window = START;
	flow->ssthresh = NONE;
	flow->round_min_us = NONE;
	flow->round_us = flow->acked_us = now;
	flow->round_end = tp->delivered;
	flow->lost = tp->lost;
	/* what is kept in low bits is neither in the past nor in the future by itself */
	flow->drain_us = (u32)now;
	flow->drain_seq = tp->snd_nxt;
	if (sk->sk_pacing_status == SK_PACING_NONE)
		sk->sk_pacing_status = SK_PACING_NEEDED;
	tp->snd_cwnd = START / UNIT;
	if (!way)
		return;
	flow->round_bytes = way->bytes;
	note_handshake(tp, way, now);
	if (is_yielding(way, now)) {
		flow->mode = YIELD;
		flow->window = floor_of(way);
		tp->snd_cwnd = FLOOR / UNIT;
	}
}

/*
 * The flow has nothing in flight and sends. After a pause its window is of the past: half of it, or
 * a try's after a long one. If its way has yielded meanwhile, this is a try. (With a slow pace
 * nothing is in flight between any two packets; that is no pause.)
 */
static inline void on_start(struct sock *sk)
{
	struct tcp_sock *tp = tcp_of(sk);
	struct flow *flow = flow_of(sk);
	u64 now = tp->tcp_mstamp, idle_us = now - flow->acked_us;
	struct scavenger_key key;
	struct scavenger_way *way;

	if (tp->packets_out || flow->is_paced) /* all of it is taken for lost; or nobody rested */
		return;
	key_of(sk, &key);
	way = way_of(&key);
	if (!way || way->base_us == 0 || idle_us < 2 * scavenger_base_us(way) + 100 * MS)
		return;
	count_flow(tp, flow, way, now);
	if (since(now, way->acked_us) > IDLE_US) {
		way->pushes = 0;
		put_off_slowdown(way, now);
	}
	if (flow->slow_rounds)
		end_slowdown(flow);
	if (is_yielding(way, now)) {
		if (flow->mode == OPEN)
			leave(tp, flow, way, now);
	} else if (flow->mode == YIELD || idle_us > IDLE_US) {
		begin_try(tp, flow, way, now);
		flow->window = try_window(tp, way);
	} else {
		scale_window(flow, 1, 2);
	}
	flow->check_rounds = 0;
	begin_round(tp, flow, way, now);
	set_pace(sk, flow, way, now);
}

SEC("struct_ops/scavenger_cwnd_event")
void BPF_PROG(scavenger_cwnd_event, struct sock *sk, int event)
{
	if (event == CA_EVENT_TX_START)
		on_start(sk);
}

SEC("struct_ops/scavenger_set_state")
void BPF_PROG(scavenger_set_state, struct sock *sk, u8 state)
{
	struct flow *flow = flow_of(sk);

	if (state == TCP_CA_Loss) { /* a timeout: begin anew */
		flow->window = least(flow->window, FLOOR);
		flow->slow_rounds = 0;
	}
}

/* The window is ours alone, so the kernel's own ideas of it do not matter: cong_control() is called
 * in recovery, too. */
SEC("struct_ops/scavenger_ssthresh")
u32 BPF_PROG(scavenger_ssthresh, struct sock *sk)
{
	return FLOOR / UNIT;
}

SEC("struct_ops/scavenger_undo_cwnd")
u32 BPF_PROG(scavenger_undo_cwnd, struct sock *sk)
{
	return tcp_of(sk)->snd_cwnd;
}

/* Segments of one packet where the pace allows it: bursts are others' delay. */
SEC("struct_ops/scavenger_min_tso_segs")
u32 BPF_PROG(scavenger_min_tso_segs, struct sock *sk)
{
	return is_slow(sk) ? PAIR : 1;
}

/* Windows of room in the send buffer: with two, a hole that is filled late stops the sender, and a
 * burst follows. bbr has three for the same reason. */
SEC("struct_ops/scavenger_sndbuf_expand")
u32 BPF_PROG(scavenger_sndbuf_expand, struct sock *sk)
{
	return 3;
}

SEC(".struct_ops")
struct tcp_congestion_ops scavenger = {
	.init = (void *)scavenger_init,
	.cong_control = (void *)scavenger_cong_control,
	.set_state = (void *)scavenger_set_state,
	.cwnd_event = (void *)scavenger_cwnd_event,
	.ssthresh = (void *)scavenger_ssthresh,
	.undo_cwnd = (void *)scavenger_undo_cwnd,
	.min_tso_segs = (void *)scavenger_min_tso_segs,
	.sndbuf_expand = (void *)scavenger_sndbuf_expand,
	.flags = TCP_CONG_NON_RESTRICTED, /* so that namespaces other than the first may use it */
	.name = SCAVENGER_PLACEHOLDER,
};
