/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A laboratory of two namespaces, and the verdict: see platform.h. */
#include "platform.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#define ALARM_SECONDS 28
#define COMMAND_BYTES 1024

static const char *the_fact;

static void on_alarm(int signal)
{
	static const char before[] = "differs: ", after[] = ": saw no end of it\n";

	(void)signal;
	(void)!write(STDOUT_FILENO, before, sizeof(before) - 1);
	(void)!write(STDOUT_FILENO, the_fact, strlen(the_fact));
	(void)!write(STDOUT_FILENO, after, sizeof(after) - 1);
	_exit(1);
}

void platform_begin(const char *fact)
{
	the_fact = fact;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, on_alarm);
	alarm(ALARM_SECONDS);
	if (geteuid() != 0)
		platform_skip("needs root, to make network namespaces");
	platform_namespace();
}

int platform_ok(void)
{
	printf("ok: %s\n", the_fact);
	return 0;
}

void platform_differs(const char *seen, ...)
{
	va_list ap;

	va_start(ap, seen);
	printf("differs: %s: saw ", the_fact);
	vprintf(seen, ap);
	printf("\n");
	exit(1);
}

void platform_skip(const char *why, ...)
{
	va_list ap;

	va_start(ap, why);
	printf("skipped: %s: ", the_fact);
	vprintf(why, ap);
	printf("\n");
	exit(77);
}

void platform_needs_kernel(int major, int minor)
{
	struct utsname name;
	int have_major = 0, have_minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &have_major, &have_minor);
	if (have_major < major || (have_major == major && have_minor < minor))
		platform_skip("needs Linux %d.%d, this is %s", major, minor, name.release);
}

long platform_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int platform_namespace(void)
{
	int fd;

	PLATFORM_EXPECT(unshare(CLONE_NEWNET) == 0, "unshare: %s", strerror(errno));
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	PLATFORM_EXPECT(fd >= 0, "/proc/self/ns/net: %s", strerror(errno));
	platform_sysctl("net/ipv4/conf/all/rp_filter", "0");
	platform_sysctl("net/ipv4/conf/default/rp_filter", "0");
	platform_sysctl("net/ipv6/conf/default/accept_dad", "0");
	platform_run("ip link set lo up");
	return fd;
}

void platform_enter(int namespace)
{
	PLATFORM_EXPECT(setns(namespace, CLONE_NEWNET) == 0, "setns: %s", strerror(errno));
}

void platform_run(const char *format, ...)
{
	char command[COMMAND_BYTES];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	PLATFORM_EXPECT(system(command) == 0, "this command fail: %s", command);
}

/* The output of a command; the caller closes it with pclose(). */
__attribute__((format(printf, 1, 0))) static FILE *output_of(const char *format, va_list ap)
{
	char command[COMMAND_BYTES];
	FILE *output;

	vsnprintf(command, sizeof(command), format, ap);
	output = popen(command, "re");
	PLATFORM_EXPECT(output != NULL, "popen: %s", strerror(errno));
	return output;
}

int platform_lines(const char *format, ...)
{
	FILE *output;
	va_list ap;
	int n = 0, c;

	va_start(ap, format);
	output = output_of(format, ap);
	va_end(ap);
	while ((c = getc(output)) != EOF)
		n += c == '\n';
	pclose(output);
	return n;
}

bool platform_sysctl(const char *name, const char *value)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	PLATFORM_EXPECT(write(fd, value, strlen(value)) > 0, "%s refuse %s: %s", name, value,
			strerror(errno));
	close(fd);
	return true;
}

long platform_counter(const char *name)
{
	char command[COMMAND_BYTES], found[64];
	long value = 0, n;
	FILE *output;

	snprintf(command, sizeof(command), "nstat -asz %s", name);
	output = popen(command, "re");
	PLATFORM_EXPECT(output != NULL, "popen: %s", strerror(errno));
	while (fscanf(output, "%63s", found) == 1)
		if (strcmp(found, name) == 0 && fscanf(output, "%ld", &n) == 1)
			value = n;
	pclose(output);
	return value;
}

int platform_subflows(const char *local, const char *remote)
{
	const bool is_six = strchr(local, ':') != NULL;

	return platform_lines(is_six ? "ss -Htn state established '( sport = :%d or dport = :%d )' "
				       "src '[%s]' dst '[%s]'"
				     : "ss -Htn state established '( sport = :%d or dport = :%d )' "
				       "src %s dst %s",
			      PLATFORM_PORT, PLATFORM_PORT, local, remote);
}

int platform_dialed(void)
{
	return platform_lines("ss -Htn state connected exclude time-wait dport = :%d",
			      PLATFORM_PORT);
}

/*
 * One veth pair between the two namespaces. Its ends have different indexes on purpose: the kernel
 * reports a carrier at once only then (net/core/link_watch.c), and IPv6 waits for that report.
 */
static void add_link(const struct platform_lab *lab, int link)
{
	platform_enter(lab->client);
	platform_run("ip link add wan%d index %d type veth peer name wan%d index %d netns "
		     "/proc/%d/fd/%d",
		     link, 10 + link, link, 20 + link, getpid(), lab->server);
	platform_run("ip addr add 10.10.%d.1/24 dev wan%d && "
		     "ip addr add fd00:10:%d::1/64 dev wan%d nodad && ip link set wan%d up",
		     link, link, link, link, link);
	platform_enter(lab->server);
	platform_run("ip addr add 10.10.%d.2/24 dev wan%d && "
		     "ip addr add fd00:10:%d::2/64 dev wan%d nodad && ip link set wan%d up",
		     link, link, link, link, link);
}

void platform_lab(struct platform_lab *lab, int links)
{
	const int sides = 2;

	lab->client = platform_namespace();
	lab->server = platform_namespace();
	platform_run("ip addr add %s/32 dev lo && ip addr add %s/128 dev lo nodad", PLATFORM_RENTED,
		     PLATFORM_RENTED_6);
	for (int link = 1; link <= links; link++)
		add_link(lab, link);
	for (int side = 0; side < sides; side++) {
		platform_enter(side == 0 ? lab->server : lab->client);
		platform_run("ip mptcp limits set subflows 8 add_addr_accepted 8");
	}
}

void platform_lab_rent(int links)
{
	platform_run("ip route add %s via 10.10.1.2 && ip route add %s via fd00:10:1::2",
		     PLATFORM_RENTED, PLATFORM_RENTED_6);
	for (int link = 1; link <= links; link++)
		platform_run("ip route add %s via 10.10.%d.2 table %d && "
			     "ip route add %s via fd00:10:%d::2 table %d",
			     PLATFORM_RENTED, link, 100 + link, PLATFORM_RENTED_6, link,
			     100 + link);
}

void platform_lab_announce(const struct platform_lab *lab, int link)
{
	platform_enter(lab->server);
	platform_run("ip mptcp endpoint add 10.10.%d.2 id %d signal", link, 256 - link);
	platform_enter(lab->client);
}

socklen_t platform_address(const char *ip, int port, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, ip, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	PLATFORM_EXPECT(inet_pton(AF_INET6, ip, &six->sin6_addr) == 1, "no address in %s", ip);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	return sizeof(*six);
}

int platform_listen(const char *ip, int protocol)
{
	struct sockaddr_storage at;
	socklen_t size = platform_address(ip, PLATFORM_PORT, &at);
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	const int on = 1;

	PLATFORM_EXPECT(fd >= 0, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	PLATFORM_EXPECT(bind(fd, (struct sockaddr *)&at, size) == 0, "bind %s: %s", ip,
			strerror(errno));
	PLATFORM_EXPECT(listen(fd, 64) == 0, "listen: %s", strerror(errno));
	return fd;
}

int platform_connect(int fd, const char *ip, int port)
{
	struct sockaddr_storage to;
	socklen_t size = platform_address(ip, port, &to);

	return connect(fd, (struct sockaddr *)&to, size) == 0 ? 0 : -errno;
}

int platform_dial(const char *ip, int protocol)
{
	const int family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	int rc;

	PLATFORM_EXPECT(fd >= 0, "socket: %s", strerror(errno));
	rc = platform_connect(fd, ip, PLATFORM_PORT);
	if (rc < 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

int platform_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	PLATFORM_EXPECT(fd >= 0, "accept: %s", strerror(errno));
	return fd;
}

void platform_pair(const struct platform_lab *lab, const char *ip, struct platform_pair *pair)
{
	platform_enter(lab->server);
	pair->listener = platform_listen(strchr(ip, ':') ? "::" : "0.0.0.0", IPPROTO_MPTCP);
	platform_enter(lab->client);
	pair->client = platform_dial(ip, IPPROTO_MPTCP);
	PLATFORM_EXPECT(pair->client >= 0, "connect %s: %s", ip, strerror(-pair->client));
	pair->server = platform_accept(pair->listener);
}

void platform_pair_close(struct platform_pair *pair)
{
	close(pair->client);
	close(pair->server);
	close(pair->listener);
}

void platform_set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

unsigned char platform_pattern(size_t offset)
{
	return (unsigned char)((offset * 31) ^ (offset >> 8) ^ (offset >> 16) * 7);
}

size_t platform_send(int fd, size_t offset, size_t end)
{
	unsigned char chunk[16384];
	size_t want = end - offset < sizeof(chunk) ? end - offset : sizeof(chunk);
	ssize_t n;

	for (size_t i = 0; i < want; i++)
		chunk[i] = platform_pattern(offset + i);
	n = send(fd, chunk, want, MSG_DONTWAIT);
	PLATFORM_EXPECT(n >= 0 || errno == EAGAIN, "send after %zu bytes: %s", offset,
			strerror(errno));
	return n > 0 ? (size_t)n : 0;
}

size_t platform_receive(int fd, size_t offset)
{
	unsigned char chunk[65536];
	ssize_t n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	PLATFORM_EXPECT(n > 0 || (n < 0 && errno == EAGAIN), "the stream end after %zu bytes: %s",
			offset, n == 0 ? "end of file" : strerror(errno));
	for (ssize_t i = 0; i < n; i++)
		PLATFORM_EXPECT(chunk[i] == platform_pattern(offset + i), "a wrong byte at %zu",
				offset + i);
	return n > 0 ? (size_t)n : 0;
}

void platform_transfer(int from, int to, size_t bytes)
{
	struct pollfd waits[] = {{.fd = to, .events = POLLIN}, {.fd = from, .events = POLLOUT}};
	size_t sent = 0, received = 0;

	while (received < bytes) {
		PLATFORM_EXPECT(poll(waits, sent < bytes ? 2 : 1, PLATFORM_LIMIT_MS) > 0,
				"the stream stop after %zu of %zu bytes", received, bytes);
		if (sent < bytes && waits[1].revents)
			sent += platform_send(from, sent, bytes);
		received += platform_receive(to, received);
	}
}

int platform_poll(int fd, int events)
{
	struct pollfd wait = {.fd = fd, .events = (short)events};

	return poll(&wait, 1, PLATFORM_LIMIT_MS) > 0 ? wait.revents : 0;
}

int platform_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, name, &value, &size) == 0 ? value : -errno;
}
