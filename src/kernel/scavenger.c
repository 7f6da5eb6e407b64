/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading the scavenger (src/bpf/scavenger.bpf.c) by libbpf, and asking it. */
#include "kernel/scavenger.h"

#include "base/time.h"
#include "bpf/scavenger.h"
#include "kernel/scavenger_path.h"
#include "kernel/socket.h"
#include "scavenger_object.h" /* const unsigned char scavenger_object[]: made by the build */

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Theory of operation. What is loaded lives as long as one of its descriptors: the link is what
 * registers the congestion control, so the name goes when this process ends, however it does.
 * Without such links (before Linux 6.4) it would stay behind, so these kernels do without.
 *
 * The object is ours to change before it is loaded: the name is written into a copy. Each attempt
 * costs the kernel a look at the whole program, a tenth of a second, while the far end waits for
 * an answer: so names that others are seen to have are left out. Nothing of libbpf's remains
 * afterwards but the ring buffer; the two descriptors that are needed are duplicates.
 */

/* include/uapi/linux/bpf.h since Linux 6.4; the C library's headers may be older. */
#define FLAG_LINK	  (1u << 13)
#define ATTACH_STRUCT_OPS 44

#define NAMES 16

struct scavenger {
	char name[SCAVENGER_NAME_BYTES];
	struct ring_buffer *ring;
	int link, ways; /* descriptors */
	void (*on_yield)(void *owner, const struct address *local, const struct address *remote,
			 uint64_t until_ms);
	void *owner;
};

/* What differs between kernels. False: it can not do this at all. */
static bool ask_kernel(bool *has_ack_and_flag)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	int id, members;

	if (!btf)
		return false;
	id = btf__find_by_name_kind(btf, "tcp_congestion_ops", BTF_KIND_STRUCT);
	type = id > 0 && btf__find_by_name_kind(btf, "bpf_struct_ops_link", BTF_KIND_STRUCT) > 0
		       ? btf__type_by_id(btf, (__u32)id)
		       : NULL;
	members = type ? btf_vlen(type) : 0;
	*has_ack_and_flag = false;
	for (int i = 0; i < members; i++) {
		const struct btf_member *member = btf_members(type) + i;
		const struct btf_type *function;

		if (strcmp(btf__name_by_offset(btf, member->name_off), "cong_control") != 0)
			continue;
		function = btf__type_by_id(btf, member->type); /* a pointer to it */
		function = function ? btf__type_by_id(btf, function->type) : NULL;
		*has_ack_and_flag =
			function && btf_is_func_proto(function) && btf_vlen(function) == 4;
	}
	btf__free(btf);
	return type != NULL;
}

/* The constants of the program, as they were compiled, and what is to be changed in them. */
static int set_constants(struct bpf_object *object, bool has_ack_and_flag)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		const char *name = bpf_map__name(map), *end = strstr(name, ".rodata");
		size_t bytes;

		if (!end || strcmp(end, ".rodata") != 0 || !bpf_map__initial_value(map, &bytes) ||
		    bytes != sizeof(has_ack_and_flag))
			continue;
		return bpf_map__set_initial_value(map, &has_ack_and_flag, bytes);
	}
	return -EINVAL;
}

/*
 * An LRU map gives each processor this many free places at once (kernel/bpf/bpf_lru_list.c,
 * LOCAL_FREE_TARGET). With less than that for each, ways that are in use would be thrown out.
 */
#define PLACES_OF_A_PROCESSOR 128

static int make_room(struct bpf_object *object)
{
	struct bpf_map *ways = bpf_object__find_map_by_name(object, "ways");
	int processors = libbpf_num_possible_cpus();

	if (!ways || processors < 0)
		return ways ? processors : -ENOENT;
	return bpf_map__set_max_entries(ways, PLACES_OF_A_PROCESSOR * ((__u32)processors + 2));
}

/* The object with a name in it, opened; what the caller closes. */
static int open_object(const char *name, struct bpf_object **out)
{
	unsigned char *copy = malloc(sizeof(scavenger_object)), *place;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, scavenger_object, sizeof(scavenger_object));
	place = memmem(copy, sizeof(scavenger_object), SCAVENGER_PLACEHOLDER,
		       sizeof(SCAVENGER_PLACEHOLDER));
	if (place) {
		memset(place, 0, SCAVENGER_NAME_BYTES);
		memcpy(place, name, strlen(name));
		*out = bpf_object__open_mem(copy, sizeof(scavenger_object), NULL);
		err = *out ? 0 : -errno;
	} else {
		err = -EINVAL;
	}
	free(copy);
	return err;
}

/* libbpf before 1.2 knows nothing of links for struct_ops, and leaves the map ready for one. */
static int make_link(struct bpf_map *map, struct bpf_link *link)
{
	union bpf_attr attributes;
	int fd;

	if (bpf_link__fd(link) != bpf_map__fd(map)) {
		fd = fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? -errno : fd;
	}
	memset(&attributes, 0, sizeof(attributes));
	attributes.link_create.prog_fd = (__u32)bpf_map__fd(map);
	attributes.link_create.attach_type = ATTACH_STRUCT_OPS;
	fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
	return fd < 0 ? -errno : fd;
}

/* Registers it; the descriptor of the link. -EEXIST: the name is taken. */
static int attach(struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, "scavenger");
	struct bpf_link *link = map ? bpf_map__attach_struct_ops(map) : NULL;
	int fd;

	if (!link)
		return map ? -errno : -EINVAL;
	fd = make_link(map, link);
	bpf_link__destroy(link);
	return fd;
}

static struct address address_of(const __u32 *words)
{
	return address_from_bytes(AF_INET6, (const uint8_t *)words);
}

static int on_event(void *owner, void *data, size_t bytes)
{
	struct scavenger *scavenger = owner;
	struct scavenger_event event;
	struct address local, remote;

	if (bytes < sizeof(event) || !scavenger->on_yield)
		return 0;
	memcpy(&event, data, sizeof(event));
	local = address_of(event.key.local);
	remote = address_of(event.key.remote);
	scavenger->on_yield(scavenger->owner, &local, &remote, (event.until_us + 999) / 1000);
	return 0;
}

/* What is needed of a loaded object when it is closed. */
static int keep_maps(struct scavenger *scavenger, struct bpf_object *object)
{
	struct bpf_map *events = bpf_object__find_map_by_name(object, "events");
	struct bpf_map *ways = bpf_object__find_map_by_name(object, "ways");

	if (!events || !ways)
		return -EINVAL;
	scavenger->ring = ring_buffer__new(bpf_map__fd(events), on_event, scavenger, NULL);
	if (!scavenger->ring)
		return -errno;
	scavenger->ways = fcntl(bpf_map__fd(ways), F_DUPFD_CLOEXEC, 0);
	return scavenger->ways < 0 ? -errno : 0;
}

static int load(struct scavenger *scavenger, bool has_ack_and_flag)
{
	struct bpf_object *object;
	struct bpf_map *map;
	int err = open_object(scavenger->name, &object);

	if (err < 0)
		return err;
	map = bpf_object__find_map_by_name(object, "scavenger");
	err = map ? bpf_map__set_map_flags(map, FLAG_LINK) : -EINVAL;
	if (err == 0)
		err = set_constants(object, has_ack_and_flag);
	if (err == 0)
		err = make_room(object);
	if (err == 0)
		err = bpf_object__load(object);
	if (err == 0)
		err = attach(object);
	if (err >= 0) {
		scavenger->link = err;
		err = keep_maps(scavenger, object);
	}
	bpf_object__close(object);
	return err;
}

static struct scavenger *scavenger_new(void)
{
	struct scavenger *scavenger = calloc(1, sizeof(*scavenger));

	if (scavenger)
		scavenger->link = scavenger->ways = -1;
	return scavenger;
}

/* Loads it under the first name that is free on this machine. */
static int load_named(struct scavenger *scavenger, bool has_ack_and_flag)
{
	int err = -EEXIST;

	for (int i = 0; i < NAMES && err == -EEXIST; i++) {
		snprintf(scavenger->name, sizeof(scavenger->name), "mpb_scav%d", i);
		if (!socket_has_congestion(scavenger->name))
			err = load(scavenger, has_ack_and_flag);
	}
	return err;
}

bool scavenger_is_built(void)
{
	return true;
}

bool scavenger_fits_kernel(void)
{
	bool has_ack_and_flag;

	libbpf_set_print(NULL);
	return ask_kernel(&has_ack_and_flag);
}

int scavenger_open(struct scavenger **out)
{
	struct scavenger *scavenger;
	bool has_ack_and_flag;
	int err;

	libbpf_set_print(NULL);
	if (!ask_kernel(&has_ack_and_flag))
		return -ENOTSUP;
	scavenger = scavenger_new();
	if (!scavenger)
		return -ENOMEM;
	err = load_named(scavenger, has_ack_and_flag);
	if (err < 0) {
		scavenger_close(scavenger);
		return err;
	}
	*out = scavenger;
	return 0;
}

const char *scavenger_name(const struct scavenger *scavenger)
{
	return scavenger->name;
}

int scavenger_fd(const struct scavenger *scavenger)
{
	return ring_buffer__epoll_fd(scavenger->ring);
}

void scavenger_read(struct scavenger *scavenger,
		    void (*on_yield)(void *owner, const struct address *local,
				     const struct address *remote, uint64_t until_ms),
		    void *owner)
{
	scavenger->on_yield = on_yield;
	scavenger->owner = owner;
	ring_buffer__consume(scavenger->ring);
	scavenger->on_yield = NULL;
}

/* As the program has it: sixteen bytes, IPv4 mapped into IPv6. */
static void put_address(const struct address *address, __u32 *words)
{
	uint8_t *bytes = (uint8_t *)words;

	memset(bytes, 0, 16);
	if (address->family == AF_INET) {
		bytes[10] = bytes[11] = 0xff;
		memcpy(bytes + 12, address->ip, 4);
	} else {
		memcpy(bytes, address->ip, 16);
	}
}

int scavenger_look(const struct scavenger *scavenger, const struct address *local,
		   const struct address *remote, struct scavenger_path *out)
{
	struct scavenger_key key;
	struct scavenger_way way;

	put_address(local, key.local);
	put_address(remote, key.remote);
	if (bpf_map_lookup_elem(scavenger->ways, &key, &way) != 0)
		return -ENOENT;
	scavenger_path_of(&way, time_monotonic_us(), out);
	return 0;
}

void scavenger_close(struct scavenger *scavenger)
{
	if (!scavenger)
		return;
	ring_buffer__free(scavenger->ring);
	if (scavenger->ways >= 0)
		close(scavenger->ways);
	if (scavenger->link >= 0)
		close(scavenger->link);
	free(scavenger);
}
