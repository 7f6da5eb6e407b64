/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handover: what a supervisor's program leaves to the one that takes its place in the process.
 */
#include "daemon/handover.h"

#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FORMAT	   1
#define TEXT_BYTES (1 << 20)

const char *handover_layout(void)
{
	static char layout[HANDOVER_LAYOUT_BYTES];

	/* a header may be the same where a type that it uses is not */
	snprintf(layout, sizeof(layout), "%s-%zu-%zu", MPBRIDGE_LAYOUT, sizeof(struct board),
		 sizeof(struct message));
	return layout;
}

bool handover_has_own_layout(const struct handover *handover)
{
	return strcmp(handover->layout, handover_layout()) == 0;
}

int handover_collect(struct handover *handover, const struct parts *parts, int control_fd)
{
	memset(handover, 0, sizeof(*handover));
	snprintf(handover->layout, sizeof(handover->layout), "%s", handover_layout());
	handover->instance = parts->board->instance;
	handover->started_ms = parts->board->started_ms;
	handover->board_fd = parts->board_fd;
	parts_describe_routers(parts->conf, handover->routers);
	memcpy(handover->server, parts->conf->server, sizeof(handover->server));
	handover->n_servers = parts->conf->n_servers;
	handover->control_fd = control_fd;
	handover->salts_fd = parts->salts.store ? parts->salts.fd : -1;
	handover->sockets = parts->sockets;
	interception_hand_over(parts->interception ? parts->interception : parts->leaving,
			       &handover->interception);
	handover->n_workers = crew_hand_over(&parts->crew, handover->worker);
	return manager_hand_over(parts->manager, &handover->paths);
}

/* ---- writing ---- */

static void put_number(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static void put_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void put_flag(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static void put_ip(struct json_object *object, const struct address *address)
{
	char ip[ADDRESS_TEXT_BYTES];

	put_text(object, "address", address_format_ip(address, ip));
}

static struct json_object *add_item(struct json_object *list)
{
	struct json_object *item = json_object_new_object();

	json_object_array_add(list, item);
	return item;
}

static struct json_object *put_list(struct json_object *object, const char *key)
{
	struct json_object *list = json_object_new_array();

	json_object_object_add(object, key, list);
	return list;
}

static void put_servers(struct json_object *object, const struct handover *handover)
{
	struct json_object *servers = put_list(object, "servers");

	for (unsigned i = 0; i < handover->n_servers; i++) {
		struct json_object *item = add_item(servers);

		put_ip(item, &handover->server[i].address);
		put_number(item, "router", handover->server[i].router);
	}
}

static void put_sockets(struct json_object *object, const struct sockets *sockets)
{
	struct json_object *on = put_list(object, "listens_on");
	struct json_object *sets = put_list(object, "listeners");

	for (unsigned i = 0; i < sockets->n_addresses; i++) {
		struct json_object *item = add_item(on);

		put_ip(item, &sockets->on[i].address);
		put_number(item, "port", sockets->on[i].address.port);
		put_flag(item, "dual_stack", sockets->on[i].is_dual_stack);
	}
	for (unsigned w = 0; w < sockets->n_sets; w++)
		for (unsigned i = 0; i < sockets->n_addresses; i++)
			json_object_array_add(sets, json_object_new_int(sockets->fd[w][i]));
}

static void put_spares(struct json_object *object, const struct spares *spares)
{
	struct json_object *list = put_list(object, "spares");

	for (unsigned i = 0; i < spares->n; i++) {
		struct json_object *item = add_item(list), *by = json_object_new_object();

		put_ip(item, &spares->item[i].remote);
		put_ip(by, &spares->item[i].local);
		json_object_object_add(item, "by", by);
	}
}

static void put_paths(struct json_object *object, const struct manager_handover *paths)
{
	struct json_object *tables = put_list(object, "tables");
	struct json_object *announced = put_list(object, "announced");

	put_number(object, "slot", paths->slot);
	put_number(object, "slot_fd", paths->slot_fd);
	put_text(object, "ledger", paths->ledger);
	for (unsigned i = 0; i < SLOT_TABLES; i++) {
		const struct table_user *user = &paths->tables.user[i];
		struct json_object *item;

		if (user->local.family == 0)
			continue;
		item = add_item(tables);
		put_number(item, "index", i);
		put_text(item, "interface", user->interface);
		put_ip(item, &user->local);
		put_number(item, "router", user->router);
	}
	for (unsigned i = 0; i < paths->audience.announce.n; i++) {
		struct json_object *item = add_item(announced);

		put_ip(item, &paths->audience.announce.entry[i].address);
		put_flag(item, "lost", paths->audience.announce.entry[i].is_lost);
	}
	put_spares(object, &paths->audience.spares);
}

static void put_interception(struct json_object *object, const struct interception_handover *in)
{
	struct json_object *interfaces = put_list(object, "intercepted");

	put_number(object, "claim_fd", in->claim_fd);
	put_flag(object, "leaving", in->is_leaving);
	put_number(object, "mode", in->mode);
	put_number(object, "mark", in->mark);
	put_flag(object, "local_output", in->needed.local_output);
	for (unsigned i = 0; i < in->needed.n_interfaces; i++)
		json_object_array_add(interfaces,
				      json_object_new_string(in->needed.interface[i].name));
}

static void put_workers(struct json_object *object, const struct handover *handover)
{
	struct json_object *workers = put_list(object, "workers");

	for (unsigned i = 0; i < handover->n_workers; i++) {
		const struct crew_veteran *worker = &handover->worker[i];
		struct json_object *item = add_item(workers);

		put_number(item, "index", worker->index);
		put_number(item, "pid", worker->pid);
		put_number(item, "channel_fd", worker->channel_fd);
		put_flag(item, "knows_routers", worker->knows_routers);
		put_flag(item, "stranger", worker->is_stranger);
	}
}

char *handover_format(const struct handover *handover)
{
	struct json_object *object = json_object_new_object();
	char *text;

	put_number(object, "format", FORMAT);
	put_text(object, "layout", handover->layout);
	put_number(object, "instance", (int64_t)handover->instance);
	put_number(object, "started_ms", (int64_t)handover->started_ms);
	put_number(object, "board_fd", handover->board_fd);
	put_number(object, "control_fd", handover->control_fd);
	put_number(object, "salts_fd", handover->salts_fd);
	put_text(object, "routers", handover->routers);
	put_servers(object, handover);
	put_sockets(object, &handover->sockets);
	put_paths(object, &handover->paths);
	put_interception(object, &handover->interception);
	put_workers(object, handover);
	text = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	return text;
}

/* ---- reading ---- */

static bool get(struct json_object *object, const char *key, enum json_type type,
		struct json_object **out)
{
	return json_object_object_get_ex(object, key, out) && json_object_is_type(*out, type);
}

static bool get_number(struct json_object *object, const char *key, int64_t least, int64_t most,
		       int64_t *out)
{
	struct json_object *member;

	if (!get(object, key, json_type_int, &member))
		return false;
	*out = json_object_get_int64(member);
	return *out >= least && *out <= most;
}

static bool get_int(struct json_object *object, const char *key, int least, int most, int *out)
{
	int64_t value;

	if (!get_number(object, key, least, most, &value))
		return false;
	*out = (int)value;
	return true;
}

static bool get_small(struct json_object *object, const char *key, int most, unsigned *out)
{
	int value;

	if (!get_int(object, key, 0, most, &value))
		return false;
	*out = (unsigned)value;
	return true;
}

static bool copy_text(struct json_object *from, char *out, size_t bytes)
{
	return json_object_is_type(from, json_type_string) &&
	       snprintf(out, bytes, "%s", json_object_get_string(from)) < (int)bytes;
}

static bool get_text(struct json_object *object, const char *key, char *out, size_t bytes)
{
	struct json_object *member;

	return json_object_object_get_ex(object, key, &member) && copy_text(member, out, bytes);
}

static bool get_flag(struct json_object *object, const char *key, bool *out)
{
	struct json_object *member;

	if (!get(object, key, json_type_boolean, &member))
		return false;
	*out = json_object_get_boolean(member);
	return true;
}

static bool get_ip(struct json_object *object, struct address *out)
{
	char ip[ADDRESS_TEXT_BYTES];

	return get_text(object, "address", ip, sizeof(ip)) && address_parse(ip, out);
}

/* How many it has; -1: it is no list, or a longer one. */
static int get_list(struct json_object *object, const char *key, size_t most,
		    struct json_object **out)
{
	if (!get(object, key, json_type_array, out) || json_object_array_length(*out) > most)
		return -1;
	return (int)json_object_array_length(*out);
}

static struct json_object *item_of(struct json_object *list, int index)
{
	return json_object_array_get_idx(list, (size_t)index);
}

static bool read_servers(struct json_object *object, struct handover *out)
{
	struct json_object *servers;
	int n = get_list(object, "servers", CONF_SERVERS_MAX, &servers);
	unsigned router;

	for (int i = 0; i < n; i++) {
		if (!get_ip(item_of(servers, i), &out->server[i].address) ||
		    !get_small(item_of(servers, i), "router", UINT8_MAX, &router))
			return false;
		out->server[i].router = (uint8_t)router;
	}
	out->n_servers = n < 0 ? 0 : (unsigned)n;
	return n >= 0;
}

static bool read_listeners(struct json_object *list, int n, struct sockets *out)
{
	if (out->n_addresses == 0 || (unsigned)n % out->n_addresses)
		return false;
	for (int i = 0; i < n; i++) {
		int fd = json_object_get_int(item_of(list, i));

		if (fd <= 0)
			return false;
		out->fd[(unsigned)i / out->n_addresses][(unsigned)i % out->n_addresses] = fd;
	}
	out->n_sets = (unsigned)n / out->n_addresses;
	return true;
}

static bool read_sockets(struct json_object *object, struct sockets *out)
{
	struct json_object *on, *fds;
	int n = get_list(object, "listens_on", SOCKETS_PER_WORKER_MAX, &on);
	int n_fds;

	if (n < 0)
		return false;
	memset(out->fd, -1, sizeof(out->fd));
	for (int i = 0; i < n; i++) {
		struct sockets_address *address = &out->on[i];
		unsigned port;

		if (!get_ip(item_of(on, i), &address->address) ||
		    !get_small(item_of(on, i), "port", UINT16_MAX, &port) ||
		    !get_flag(item_of(on, i), "dual_stack", &address->is_dual_stack))
			return false;
		address->address.port = (uint16_t)port;
	}
	out->n_addresses = (unsigned)n;
	n_fds = get_list(object, "listeners", BOARD_WORKERS_MAX * (size_t)n, &fds);
	return n_fds >= 0 && read_listeners(fds, n_fds, out);
}

static bool read_table(struct json_object *item, struct tables *out)
{
	struct table_user user = {0};
	unsigned index, router;

	if (!get_small(item, "index", SLOT_TABLES - 1, &index) ||
	    !get_text(item, "interface", user.interface, sizeof(user.interface)) ||
	    !get_ip(item, &user.local) || !get_small(item, "router", UINT8_MAX, &router))
		return false;
	user.router = (uint8_t)router;
	out->user[index] = user;
	return true;
}

/* Programs of before have none. */
static bool read_spares(struct json_object *object, struct spares *out)
{
	struct json_object *list, *by;
	int n = get_list(object, "spares", SPARES_MAX, &list);

	if (n < 0)
		return !json_object_object_get_ex(object, "spares", NULL);
	for (int i = 0; i < n; i++) {
		struct spare *spare = &out->item[out->n++];

		if (!get_ip(item_of(list, i), &spare->remote) ||
		    !get(item_of(list, i), "by", json_type_object, &by) ||
		    !get_ip(by, &spare->local))
			return false;
	}
	return true;
}

static bool read_paths(struct json_object *object, struct manager_handover *out)
{
	struct json_object *tables, *announced;
	int n_tables = get_list(object, "tables", SLOT_TABLES, &tables);
	int n_announced = get_list(object, "announced", BOARD_PATHS_MAX, &announced);

	if (n_tables < 0 || n_announced < 0 ||
	    !get_small(object, "slot", SLOT_MAX - 1, &out->slot) ||
	    !get_int(object, "slot_fd", 1, INT32_MAX, &out->slot_fd) ||
	    !get_text(object, "ledger", out->ledger, sizeof(out->ledger)))
		return false;
	for (int i = 0; i < n_tables; i++)
		if (!read_table(item_of(tables, i), &out->tables))
			return false;
	for (int i = 0; i < n_announced; i++) {
		struct announce_entry *entry =
			&out->audience.announce.entry[out->audience.announce.n++];

		if (!get_ip(item_of(announced, i), &entry->address) ||
		    !get_flag(item_of(announced, i), "lost", &entry->is_lost))
			return false;
	}
	return read_spares(object, &out->audience.spares);
}

static bool read_interception(struct json_object *object, struct interception_handover *out)
{
	struct json_object *interfaces;
	int n = get_list(object, "intercepted", CONF_INTERFACES_MAX, &interfaces);
	int64_t mark;
	unsigned mode;

	if (n < 0 || !get_int(object, "claim_fd", -1, INT32_MAX, &out->claim_fd) ||
	    !get_flag(object, "leaving", &out->is_leaving) ||
	    !get_small(object, "mode", CONF_INTERCEPT_REDIRECT, &mode) ||
	    !get_number(object, "mark", 0, UINT32_MAX, &mark) ||
	    !get_flag(object, "local_output", &out->needed.local_output))
		return false;
	out->mode = mode;
	out->mark = (uint32_t)mark;
	for (int i = 0; i < n; i++)
		if (!copy_text(item_of(interfaces, i), out->needed.interface[i].name,
			       sizeof(out->needed.interface[i].name)))
			return false;
	out->needed.n_interfaces = (unsigned)n;
	return true;
}

static bool read_worker(struct json_object *item, struct crew_veteran *out)
{
	return get_small(item, "index", BOARD_WORKERS_MAX - 1, &out->index) &&
	       get_int(item, "pid", 1, INT32_MAX, &out->pid) &&
	       get_int(item, "channel_fd", 1, INT32_MAX, &out->channel_fd) &&
	       get_flag(item, "knows_routers", &out->knows_routers) &&
	       get_flag(item, "stranger", &out->is_stranger);
}

static bool read_workers(struct json_object *object, struct handover *out)
{
	struct json_object *workers;
	int n = get_list(object, "workers", BOARD_WORKERS_MAX, &workers);

	for (int i = 0; i < n; i++)
		if (!read_worker(item_of(workers, i), &out->worker[i]))
			return false;
	out->n_workers = n < 0 ? 0 : (unsigned)n;
	return n >= 0;
}

static bool read_all(struct json_object *object, struct handover *out)
{
	int64_t instance, started_ms;
	int format;

	if (!get_int(object, "format", FORMAT, FORMAT, &format) ||
	    !get_text(object, "layout", out->layout, sizeof(out->layout)) ||
	    !get_number(object, "instance", INT64_MIN, INT64_MAX, &instance) ||
	    !get_number(object, "started_ms", 0, INT64_MAX, &started_ms) ||
	    !get_int(object, "board_fd", 1, INT32_MAX, &out->board_fd) ||
	    !get_int(object, "control_fd", -1, INT32_MAX, &out->control_fd) ||
	    !get_int(object, "salts_fd", -1, INT32_MAX, &out->salts_fd) ||
	    !get_text(object, "routers", out->routers, sizeof(out->routers)))
		return false;
	out->instance = (uint64_t)instance;
	out->started_ms = (uint64_t)started_ms;
	return read_servers(object, out) && read_sockets(object, &out->sockets) &&
	       read_paths(object, &out->paths) && read_interception(object, &out->interception) &&
	       read_workers(object, out);
}

bool handover_parse(const char *text, struct handover *out)
{
	struct json_object *object = json_tokener_parse(text);
	bool is_good = json_object_is_type(object, json_type_object);

	memset(out, 0, sizeof(*out));
	is_good = is_good && read_all(object, out);
	json_object_put(object);
	return is_good;
}

/* ---- from one program to the next ---- */

static void keep_open(int fd, bool is_kept)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, is_kept ? 0 : FD_CLOEXEC);
}

void handover_keep_open(const struct handover *handover, int own_fd, bool is_kept)
{
	const struct sockets *sockets = &handover->sockets;

	keep_open(own_fd, is_kept);
	keep_open(handover->board_fd, is_kept);
	keep_open(handover->control_fd, is_kept);
	keep_open(handover->salts_fd, is_kept);
	keep_open(handover->paths.slot_fd, is_kept);
	keep_open(handover->interception.claim_fd, is_kept);
	for (unsigned w = 0; w < sockets->n_sets; w++)
		for (unsigned i = 0; i < sockets->n_addresses; i++)
			keep_open(sockets->fd[w][i], is_kept);
	for (unsigned i = 0; i < handover->n_workers; i++)
		keep_open(handover->worker[i].channel_fd, is_kept);
}

int handover_write(const struct handover *handover)
{
	char *text = handover_format(handover);
	size_t length = text ? strlen(text) : 0;
	int fd = text ? memfd_create("mpbridge-handover", MFD_CLOEXEC) : -1;
	int error = !text ? -ENOMEM : fd < 0 ? -errno : 0;

	if (error == 0 && pwrite(fd, text, length, 0) != (ssize_t)length) {
		error = -ENOSPC;
		close(fd);
	}
	free(text);
	return error < 0 ? error : fd;
}

static bool read_file(int fd, struct handover *out)
{
	char *text = malloc(TEXT_BYTES);
	ssize_t length = text ? pread(fd, text, TEXT_BYTES - 1, 0) : -1;
	bool is_good = false;

	if (length >= 0) {
		text[length] = '\0';
		is_good = handover_parse(text, out);
	}
	free(text);
	return is_good;
}

int handover_receive(struct handover *out)
{
	const char *value = getenv(HANDOVER_VARIABLE);
	bool is_good;
	int fd;

	if (!value)
		return 0;
	fd = atoi(value);
	unsetenv(HANDOVER_VARIABLE);
	if (fd <= 2)
		return -EINVAL;
	is_good = read_file(fd, out);
	close(fd);
	if (!is_good)
		return -EINVAL;
	handover_keep_open(out, -1, false);
	return 1;
}
