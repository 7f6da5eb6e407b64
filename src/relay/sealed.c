/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state HEADER of a flow on the server, with a cipher: is it authentic, new, and whole? */
#include "relay/sealed.h"

#include "base/time.h"
#include "kernel/socket.h"
#include "relay/dialog.h"
#include "relay/open.h"
#include "relay/seal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Theory of operation. Salt and fixed header are peeked at, and opened in a copy. Nothing is taken
 * out of the socket, and no memory is spent, before they are authentic, their time is right and
 * their salt is new. Whatever is wrong, the same thing follows: no answer, until the deadline that
 * the header had anyway or until the peer ends, and then a reset; and whatever else comes is taken
 * and forgotten. So how long it took, how much was acknowledged and how it ended is the same for a
 * wrong key, a wrong byte anywhere, a recording, a wrong clock and silence (SIP022, section 3.1.4
 * on detection). Were it left in the socket, then its buffer would fill up sooner or later
 * according to how much had been read before something was found wrong.
 *
 * What follows the head is read through the lane, as all payload is. The header's end need not be
 * that of a chunk (2017): it may even come in many.
 */

/* At a time, before others have their turn. */
#define FORGET_BYTES 16384

static void refuse(struct flow *flow, const char *what)
{
	const struct address peer = socket_remote_address(flow->side[WAN].watch.fd);
	char text[ADDRESS_TEXT_BYTES];

	relay_notice(flow->relay, NOTICE_HEADER, "refused %s, which is no client: %s",
		     address_format_ip(&peer, text), what);
	lane_discard(&flow->lane[WAN], &flow->relay->pools);
	flow->state = FLOW_REFUSED;
	sealed_step_refused(flow);
}

/* One turn. Whether there may be more. */
static bool forget(const struct flow *flow)
{
	uint8_t bytes[FORGET_BYTES];

	return recv(flow->side[WAN].watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0;
}

void sealed_step_refused(struct flow *flow)
{
	if (flow->side[WAN].is_hung_up)
		flow_abort(flow);
	else if (forget(flow))
		loop_put(flow->relay->loop, &flow->task);
}

/* NULL: of the socket, whose peer is gone. */
static const char *reason(int error)
{
	if (error == -ETIME)
		return "its header was made more than 30 s before or after this router's time: a "
		       "clock is wrong, or it is a recording";
	if (error == -EPROTO)
		return "its header is authentic, but no request";
	if (error == -EBADMSG)
		return "its header is not authentic: it has another key or method";
	if (error == -ENOMEM)
		return "no memory";
	return NULL;
}

static void fail(struct flow *flow, int error)
{
	const char *what = reason(error);

	if (error == -ETIME)
		shared64_add(&flow->relay->counters->refused_for_time, 1);
	if (what)
		refuse(flow, what);
	else
		flow_abort(flow);
}

static bool is_new(const struct relay *relay, const struct opener *opener)
{
	const struct method *method = opener->codec->method;

	if (method->format == METHOD_2022 &&
	    !salts_know(relay->salts.store, opener->time_s, time_unix_s(), time_since_boot_s()))
		return false;
	return salts_remember(&relay->salts, opener->salt, method_key_bytes(method),
			      time_since_boot_s());
}

/* What a peer has to send in one piece; -EAGAIN: wait, or -errno. */
static int peek(const struct flow *flow, uint8_t *head, size_t need)
{
	ssize_t got = recv(flow->side[WAN].watch.fd, head, need, MSG_PEEK | MSG_DONTWAIT);

	if (got < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if ((size_t)got == need)
		return 0;
	if (flow->side[WAN].is_hung_up || got == 0)
		return -ECONNRESET;
	return flow->relay->codec.method->format == METHOD_2022 ? -EBADMSG : -EAGAIN;
}

/* The head is authentic and new: it is taken out, and the lane reads what is behind it. */
static void accept_head(struct flow *flow, const struct opener *opener, uint8_t *head, size_t need)
{
	flow->dialog = dialog_answer(opener);
	if (!flow->dialog ||
	    recv(flow->side[WAN].watch.fd, head, need, MSG_DONTWAIT) != (ssize_t)need) {
		flow_abort(flow);
		return;
	}
	lane_open(&flow->lane[WAN], &flow->dialog->opener);
}

static void read_head(struct flow *flow)
{
	uint8_t head[OPENER_HEAD_MAX];
	struct opener opener;
	struct opened opened;
	size_t need;
	int error;

	opener_init(&opener, &flow->relay->codec, NULL);
	need = opener_need(&opener);
	error = peek(flow, head, need);
	if (error == -EAGAIN)
		return;
	if (error == 0)
		error = opener_step(&opener, time_unix_s(), head, &opened);
	if (error < 0)
		fail(flow, error);
	else if (!is_new(flow->relay, &opener))
		refuse(flow, "its header is a recording, or there is no memory to tell");
	else
		accept_head(flow, &opener, head, need);
	crypto_wipe(&opener, sizeof(opener));
}

/* As much of a run as there is room for. */
static void gather(struct dialog_part *part, const struct iovec *run)
{
	size_t room = sizeof(part->bytes) - part->n;
	size_t n = run->iov_len < room ? run->iov_len : room;

	memcpy(part->bytes + part->n, run->iov_base, n);
	part->n += n;
}

/* 2017: what has come of the header before, and what the buffer has now. */
static ssize_t parse_parts(struct dialog *dialog, struct buffer *buffer, struct target *target)
{
	struct iovec runs[BUFFER_RUNS];
	int n_runs = buffer_runs(buffer, runs);
	size_t had;
	ssize_t length;

	if (!dialog->part)
		dialog->part = calloc(1, sizeof(*dialog->part));
	if (!dialog->part)
		return -ENOMEM;
	had = dialog->part->n;
	for (int i = 0; i < n_runs; i++)
		gather(dialog->part, &runs[i]);
	length = header_parse(METHOD_2017, dialog->part->bytes, dialog->part->n, target);
	if (length < 0)
		return length;
	buffer_take(buffer, (length > 0 ? (size_t)length : dialog->part->n) - had);
	return length;
}

/* As header_parse(), and takes the header off the buffer. */
static ssize_t parse(struct dialog *dialog, struct buffer *buffer, struct target *target)
{
	enum method_format format = dialog->opener.codec->method->format;
	struct iovec runs[BUFFER_RUNS];
	ssize_t length = 0;

	buffer_runs(buffer, runs);
	if (!dialog->part)
		length = header_parse(format, runs[0].iov_base, runs[0].iov_len, target);
	if (length == 0)
		return parse_parts(dialog, buffer, target);
	if (length > 0)
		buffer_take(buffer, (size_t)length);
	return length;
}

/* Behind the head: as parse(), or -EAGAIN. */
static ssize_t read_header(struct flow *flow, struct target *target)
{
	struct lane *lane = &flow->lane[WAN];
	ssize_t length = 0;

	while (length == 0) {
		ssize_t got = open_fill(lane, flow->side[WAN].watch.fd, &flow->relay->pools);

		if (got <= 0)
			return got == 0 ? -EPROTO : got;
		length = parse(flow->dialog, lane->buffer, target);
	}
	return length;
}

static bool read_rest(struct flow *flow, struct target *target)
{
	ssize_t length = read_header(flow, target);

	if (length == -EAGAIN || length == -EINTR)
		return false;
	free(flow->dialog->part);
	flow->dialog->part = NULL;
	if (length < 0)
		fail(flow, (int)length);
	return length > 0;
}

bool sealed_read(struct flow *flow, struct target *target)
{
	if (!flow->dialog)
		read_head(flow);
	return flow->state == FLOW_HEADER && flow->dialog && read_rest(flow, target);
}

int sealed_respond(struct flow *flow)
{
	if (!flow->dialog)
		return 0;
	return seal_response(&flow->lane[LAN], &flow->dialog->sealer, &flow->relay->pools);
}

/*
 * 2017: no stream says what it answers, so the answer does; and since it does not say in which
 * direction it went either, its salt is remembered.
 */
static ssize_t answer_2017(struct flow *flow, const uint8_t *bytes, size_t n, uint8_t *out)
{
	struct dialog *dialog = flow->dialog;
	size_t salt_bytes = method_key_bytes(dialog->sealer.codec->method);
	uint8_t *at = out + sealer_front(&dialog->sealer);
	ssize_t length;

	memcpy(at, dialog->opener.salt, salt_bytes);
	memcpy(at + salt_bytes, bytes, n);
	length = sealer_seal(&dialog->sealer, time_unix_s(), out, salt_bytes + n);
	if (length > 0 && seal_remember(dialog->sealer.codec, out, &flow->relay->pools) < 0)
		return -ENOMEM;
	return length;
}

ssize_t sealed_answer(struct flow *flow, const uint8_t *bytes, size_t n,
		      uint8_t out[static SEALED_ANSWER_MAX])
{
	struct sealer *sealer = &flow->dialog->sealer;
	bool is_raw = sealer->codec->method->is_raw_after_header;
	ssize_t length;

	if (sealer->codec->method->format == METHOD_2017)
		return answer_2017(flow, bytes, n, out);
	if (!is_raw)
		memcpy(out + sealer_front(sealer), bytes, n);
	length = sealer_seal(sealer, time_unix_s(), out, is_raw ? 0 : n);
	if (length < 0 || !is_raw)
		return length;
	memcpy(out + length, bytes, n);
	return length + (ssize_t)n;
}
