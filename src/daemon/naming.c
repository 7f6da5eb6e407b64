/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Naming: /etc/resolv.conf and /etc/hosts, read for the workers and followed. */
#include "daemon/naming.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/*
 * Theory of operation. A file is written in place, or another one gets its name, or it is a link
 * into a folder where that happens, or it is mounted over from elsewhere. So three things are
 * watched for each: its folder, the folder that it is linked to, and the file itself. Whatever
 * happens, a moment later both files are read again, the watches are made anew, and if the contents
 * are others the workers get them.
 */

#define RESOLV_FILE  "/etc/resolv.conf"
#define HOSTS_FILE   "/etc/hosts"
#define FILE_MAX     1048576
#define SETTLE_MS    100 /* a file that is written is not read half way, mostly */
#define EVENTS_BYTES 4096
#define FILE_EVENTS  (IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
#define DIR_EVENTS   (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)

static const char *const files[] = {RESOLV_FILE, HOSTS_FILE};

#define N_FILES (sizeof(files) / sizeof(files[0]))

struct naming {
	const struct conf *conf;
	struct directory *directory;
	struct loop *loop;
	struct watch watch; /* of inotify */
	struct timer timer;
	char target[N_FILES][PATH_MAX]; /* where they are linked to; "": nowhere */
	bool has_told_cut;
};

/* The text of a file, up to FILE_MAX bytes; "" if it cannot be read. NULL: no memory. To be freed.
 */
static char *read_file(const char *path)
{
	char *text = malloc(FILE_MAX + 1);
	int fd = text ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	size_t used = 0;
	ssize_t got;

	while (fd >= 0 && used < FILE_MAX && (got = read(fd, text + used, FILE_MAX - used)) > 0)
		used += (size_t)got;
	if (fd >= 0)
		close(fd);
	if (text)
		text[used] = '\0';
	return text;
}

static void take_servers(const struct conf *conf, struct resolv *resolv)
{
	if (conf->n_nameservers == 0)
		return;
	memcpy(resolv->server, conf->nameserver, sizeof(conf->nameserver));
	resolv->n_servers = conf->n_nameservers;
}

static bool is_same(const struct directory_page *a, const struct directory_page *b)
{
	const struct hosts *left = &a->hosts, *right = &b->hosts;

	return memcmp(&a->resolv, &b->resolv, sizeof(a->resolv)) == 0 && left->n == right->n &&
	       left->text_bytes == right->text_bytes &&
	       memcmp(left->entry, right->entry, left->n * sizeof(left->entry[0])) == 0 &&
	       memcmp(left->text, right->text, left->text_bytes) == 0;
}

static void tell(struct naming *naming, const struct directory_page *page)
{
	char servers[RESOLV_SERVERS_BYTES];

	log_debug("name servers: %s; %u names in %s", resolv_format_servers(&page->resolv, servers),
		  page->hosts.n, HOSTS_FILE);
	if (page->hosts.is_cut && !naming->has_told_cut)
		log_warning("%s is longer than the %d names that there is room for: those after "
			    "them are looked up by the name servers",
			    HOSTS_FILE, HOSTS_MAX);
	naming->has_told_cut = page->hosts.is_cut;
}

/* Reads both files into the draft: 0 or -ENOMEM. */
static int read_files(struct naming *naming, struct directory_page *page)
{
	char *resolv = read_file(RESOLV_FILE), *hosts = read_file(HOSTS_FILE);
	int error = resolv && hosts ? 0 : -ENOMEM;

	if (error == 0) {
		resolv_parse(naming->conf->n_nameservers ? "" : resolv, &page->resolv);
		take_servers(naming->conf, &page->resolv);
		hosts_parse(hosts, &page->hosts);
	}
	free(resolv);
	free(hosts);
	return error;
}

static int bring_up_to_date(struct naming *naming)
{
	struct directory_page *draft = directory_draft(naming->directory);
	int error = read_files(naming, draft);

	if (error < 0 || is_same(draft, directory_current(naming->directory)))
		return error;
	tell(naming, draft);
	directory_publish(naming->directory);
	return 0;
}

int naming_open(struct naming **out, const struct conf *conf)
{
	struct naming *naming = calloc(1, sizeof(*naming));
	int error = -ENOMEM;

	if (naming) {
		naming->conf = conf;
		naming->watch.fd = -1;
		naming->directory = directory_new();
		if (naming->directory)
			error = bring_up_to_date(naming);
	}
	if (error < 0) {
		log_error("no memory for %s and %s", RESOLV_FILE, HOSTS_FILE);
		naming_close(naming);
		return error;
	}
	*out = naming;
	return 0;
}

const struct directory *naming_directory(const struct naming *naming)
{
	return naming ? naming->directory : NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What is not there cannot be watched; its folder tells when it comes. */
static void watch_path(int fd, const char *path)
{
	char folder[PATH_MAX];

	inotify_add_watch(fd, path, FILE_EVENTS);
	snprintf(folder, sizeof(folder), "%.*s", (int)(base_name(path) - path), path);
	inotify_add_watch(fd, folder, DIR_EVENTS);
}

/* Where a file is linked to, be it there or not (then by one step); "": it is no link. */
static void find_target(const char *file, char target[static PATH_MAX])
{
	char link[PATH_MAX];
	int folder = (int)(base_name(file) - file);
	ssize_t length;

	if (realpath(file, target))
		return;
	target[0] = '\0';
	length = readlink(file, link, sizeof(link) - 1);
	if (length <= 0)
		return;
	link[length] = '\0';
	if (snprintf(target, PATH_MAX, "%.*s%s", link[0] == '/' ? 0 : folder, file, link) >=
	    PATH_MAX)
		target[0] = '\0';
}

static void watch_files(struct naming *naming)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0 || loop_watch_messages(naming->loop, &naming->watch, fd) < 0) {
		log_warning("changes of %s and %s will not be noticed: %s", RESOLV_FILE, HOSTS_FILE,
			    strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	for (size_t i = 0; i < N_FILES; i++) {
		find_target(files[i], naming->target[i]);
		watch_path(fd, files[i]);
		if (naming->target[i][0] && strcmp(naming->target[i], files[i]) != 0)
			watch_path(fd, naming->target[i]);
	}
}

/* Whether an event, of a folder if it has a name, is about one of the files. */
static bool is_ours(const struct naming *naming, const struct inotify_event *event)
{
	if (event->len == 0)
		return !(event->mask & IN_IGNORED);
	for (size_t i = 0; i < N_FILES; i++)
		if (strcmp(event->name, base_name(files[i])) == 0 ||
		    strcmp(event->name, base_name(naming->target[i])) == 0)
			return true;
	return false;
}

static void on_inotify(struct watch *watch, uint32_t events)
{
	struct naming *naming = container_of(watch, struct naming, watch);
	char buf[EVENTS_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got = read(watch->fd, buf, sizeof(buf));
	const struct inotify_event *event;

	(void)events;
	for (ssize_t at = 0; at < got; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const void *)(buf + at);
		if (is_ours(naming, event) && !timer_is_armed(&naming->timer))
			timer_arm(&naming->loop->timers, &naming->timer,
				  naming->loop->now_ms + SETTLE_MS);
	}
}

/* The watches first: what changes after them is an event again. */
static void on_settled(struct timer *timer)
{
	struct naming *naming = container_of(timer, struct naming, timer);

	loop_close(naming->loop, &naming->watch);
	watch_files(naming);
	if (bring_up_to_date(naming) < 0)
		log_error("no memory to read %s and %s again", RESOLV_FILE, HOSTS_FILE);
}

void naming_follow(struct naming *naming, struct loop *loop)
{
	if (!naming)
		return;
	naming->loop = loop;
	naming->watch.on_event = on_inotify;
	timer_init(&naming->timer, on_settled);
	watch_files(naming);
	/* what changed since naming_open() */
	if (bring_up_to_date(naming) < 0)
		log_error("no memory to read %s and %s again", RESOLV_FILE, HOSTS_FILE);
}

void naming_change(struct naming *naming, const struct conf *conf)
{
	if (naming)
		naming->conf = conf;
}

void naming_close(struct naming *naming)
{
	if (!naming)
		return;
	if (naming->loop) {
		timer_cancel(&naming->loop->timers, &naming->timer);
		loop_close(naming->loop, &naming->watch);
	}
	directory_free(naming->directory);
	free(naming);
}
