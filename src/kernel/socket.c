/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stream sockets, MPTCP or TCP. Refused options never fail a flow: kernels differ in what MPTCP
 * takes. */
#include "kernel/socket.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Younger than the C library's headers. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#ifndef MPTCP_INFO
#define MPTCP_INFO 1
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43
#endif
/* linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h cannot be included with netinet/in.h
 */
#ifndef IPV6_TRANSPARENT
#define IPV6_TRANSPARENT 75
#endif
#define SO_ORIGINAL_DST 80 /* IP6T_SO_ORIGINAL_DST is the same */

#define LISTEN_BACKLOG 4096

static void set_int(int fd, int level, int option, int value)
{
	setsockopt(fd, level, option, &value, sizeof(value));
}

/* With it close() sends RST, on MPTCP MP_FASTCLOSE (RFC 8684 3.5; __mptcp_close() since 6.1). */
static void set_reset_on_close(int fd, bool is_on)
{
	struct linger linger = {.l_onoff = is_on, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void set_up(int fd)
{
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_reset_on_close(fd, true);
}

static int open_protocol(sa_family_t family, int protocol)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	return fd < 0 ? -errno : fd;
}

static bool lacks_mptcp(int error)
{
	return error == -EPROTONOSUPPORT || error == -ENOPROTOOPT || error == -EINVAL;
}

int socket_open(enum socket_protocol protocol, sa_family_t family)
{
	int fd = open_protocol(family, protocol == SOCKET_MPTCP ? IPPROTO_MPTCP : IPPROTO_TCP);

	if (protocol == SOCKET_MPTCP && lacks_mptcp(fd))
		fd = open_protocol(family, IPPROTO_TCP);
	if (fd >= 0)
		set_up(fd);
	return fd;
}

bool socket_has_mptcp(void)
{
	int fd = open_protocol(AF_INET, IPPROTO_MPTCP);

	if (fd < 0)
		return !lacks_mptcp(fd);
	close(fd);
	return true;
}

bool socket_has_ipv6(void)
{
	int fd = open_protocol(AF_INET6, IPPROTO_TCP);

	if (fd >= 0)
		close(fd);
	return fd != -EAFNOSUPPORT;
}

bool socket_has_congestion(const char *name)
{
	int fd = open_protocol(AF_INET, IPPROTO_TCP);
	bool is_missing;

	if (fd < 0)
		return true;
	is_missing = setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)) &&
		     errno == ENOENT;
	close(fd);
	return !is_missing;
}

static int bind_and_listen(int fd, const struct address *address, bool as_ipv6)
{
	struct sockaddr_storage ss;
	socklen_t length = address_to_sockaddr(address, as_ipv6, &ss);

	if (bind(fd, (struct sockaddr *)&ss, length) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
		return -errno;
	return 0;
}

int socket_listen(enum socket_protocol protocol, const struct address *address, bool shares_port,
		  bool is_dual_stack)
{
	bool is_ipv6 = is_dual_stack || address->family == AF_INET6;
	int fd = socket_open(protocol, is_ipv6 ? AF_INET6 : AF_INET);
	int error;

	if (fd < 0)
		return fd;
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (shares_port)
		set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (is_ipv6)
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !is_dual_stack);
	error = bind_and_listen(fd, address, is_ipv6);
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

int socket_accept(int listener, struct address *peer)
{
	struct sockaddr_storage ss;
	socklen_t length = sizeof(ss);
	int fd = accept4(listener, (struct sockaddr *)&ss, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	set_up(fd);
	*peer = address_from_sockaddr(&ss);
	return fd;
}

static int bind_source(int fd, bool is_ipv6, const struct address *source)
{
	struct sockaddr_storage ss;
	socklen_t length = address_to_sockaddr(source, is_ipv6, &ss);

	/* a port of 0 is chosen at connect(), another one may be shared: in either case it need
	 * only be unique for this destination */
	set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (source->port)
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return bind(fd, (struct sockaddr *)&ss, length) < 0 ? -errno : 0;
}

static int begin_to_connect(int fd, bool is_ipv6, const struct address *remote)
{
	struct sockaddr_storage ss;
	socklen_t length = address_to_sockaddr(remote, is_ipv6, &ss);

	return connect(fd, (struct sockaddr *)&ss, length) < 0 && errno != EINPROGRESS ? -errno : 0;
}

int socket_connect(int fd, bool is_ipv6, const struct address *local, const struct address *remote)
{
	struct address source = local ? *local : (struct address){0};
	int error;

	source.port = 0;
	error = local ? bind_source(fd, is_ipv6, &source) : 0;
	return error < 0 ? error : begin_to_connect(fd, is_ipv6, remote);
}

int socket_connect_from(int fd, const struct address *host, const struct address *remote)
{
	bool is_ipv6 = host->family == AF_INET6;
	int error = socket_set_transparent(fd, host->family);

	if (error == 0)
		error = bind_source(fd, is_ipv6, host);
	return error < 0 ? error : begin_to_connect(fd, is_ipv6, remote);
}

int socket_connect_result(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return -errno;
	return -error;
}

static bool has_mptcp_info(int fd)
{
	uint8_t info[256];
	socklen_t length = sizeof(info);

	return getsockopt(fd, SOL_MPTCP, MPTCP_INFO, info, &length) == 0;
}

/* Whether this kernel answers MPTCP_INFO at all (5.16): asked once, of a fresh socket. */
static bool knows_mptcp_info(void)
{
	static enum { UNASKED, NO, YES } answer;
	int fd;

	if (answer == UNASKED) {
		fd = open_protocol(AF_INET, IPPROTO_MPTCP);
		answer = fd >= 0 && has_mptcp_info(fd) ? YES : NO;
		if (fd >= 0)
			close(fd);
	}
	return answer == YES;
}

/* TCP_IS_MPTCP answers from 6.10 on. Before, MPTCP_INFO fails on a socket that fell back. */
enum socket_mptcp socket_mptcp_state(int fd)
{
	int is_mptcp = 0;
	socklen_t length = sizeof(is_mptcp);

	if (getsockopt(fd, IPPROTO_TCP, TCP_IS_MPTCP, &is_mptcp, &length) == 0)
		return is_mptcp ? SOCKET_MPTCP_USED : SOCKET_MPTCP_FELL_BACK;
	if (!knows_mptcp_info())
		return SOCKET_MPTCP_UNKNOWN;
	return has_mptcp_info(fd) ? SOCKET_MPTCP_USED : SOCKET_MPTCP_FELL_BACK;
}

void socket_end_cleanly(int fd)
{
	set_reset_on_close(fd, false);
}

void socket_urgent_inline(int fd)
{
	set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1);
}

int socket_unacknowledged_bytes(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? 0 : bytes;
}

uint32_t socket_rtt_us(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return 0;
	return info.tcpi_rtt;
}

static uint32_t buffer_bytes(int fd, int option)
{
	int bytes = 0;
	socklen_t length = sizeof(bytes);

	getsockopt(fd, SOL_SOCKET, option, &bytes, &length);
	return (uint32_t)bytes;
}

/* The kernel doubles what it is given, see socket(7). */
static void set_buffer_bytes(int fd, int option, uint32_t bytes)
{
	set_int(fd, SOL_SOCKET, option, (int)(bytes / 2));
}

/* What the kernel grants at most (net.core.wmem_max or rmem_max, doubled): a fresh socket is asked.
 */
static uint32_t ask_most_buffer_bytes(int option)
{
	int fd = open_protocol(AF_INET, IPPROTO_TCP);
	uint32_t most;

	if (fd < 0)
		return 0;
	set_buffer_bytes(fd, option, INT_MAX);
	most = buffer_bytes(fd, option);
	close(fd);
	return most;
}

uint32_t socket_send_buffer_bytes(int fd)
{
	return buffer_bytes(fd, SO_SNDBUF);
}

bool socket_set_send_buffer(int fd, uint32_t bytes)
{
	static uint32_t most;

	if (most == 0)
		most = ask_most_buffer_bytes(SO_SNDBUF);
	if (most < SOCKET_SEND_BUFFER_BYTES)
		return false;
	set_buffer_bytes(fd, SO_SNDBUF, bytes < most ? bytes : most);
	return true;
}

void socket_enlarge_receive_buffer(int fd, uint32_t bytes)
{
	static uint32_t most;

	if (most == 0)
		most = ask_most_buffer_bytes(SO_RCVBUF);
	if (bytes > most)
		bytes = most;
	if (bytes > buffer_bytes(fd, SO_RCVBUF))
		set_buffer_bytes(fd, SO_RCVBUF, bytes);
}

/* The third number of net.ipv4.tcp_rmem or tcp_wmem: what a buffer may grow to. */
static uint64_t read_most(const char *path, uint64_t otherwise)
{
	FILE *file = fopen(path, "re");
	unsigned long long most = 0;

	if (!file)
		return otherwise;
	if (fscanf(file, "%*u %*u %llu", &most) != 1)
		most = 0;
	fclose(file);
	return most ? most : otherwise;
}

/*
 * Of a receive buffer half is offered as a window (tcp_win_from_space()); a send buffer counts its
 * overhead, too.
 */
uint64_t socket_most_buffered_bytes(void)
{
	uint64_t sent =
		read_most("/proc/sys/net/ipv4/tcp_wmem", SOCKET_SEND_BUFFER_BYTES) / 20 * 17;
	uint64_t received = read_most("/proc/sys/net/ipv4/tcp_rmem", 6u << 20) / 2;

	return sent < received ? sent : received;
}

struct address socket_local_address(int fd)
{
	struct sockaddr_storage ss = {0};
	socklen_t length = sizeof(ss);

	getsockname(fd, (struct sockaddr *)&ss, &length);
	return address_from_sockaddr(&ss);
}

struct address socket_remote_address(int fd)
{
	struct sockaddr_storage ss = {0};
	socklen_t length = sizeof(ss);

	if (getpeername(fd, (struct sockaddr *)&ss, &length) < 0)
		return (struct address){0};
	return address_from_sockaddr(&ss);
}

int socket_set_transparent(int fd, sa_family_t family)
{
	const int on = 1;
	int result = family == AF_INET6
			     ? setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on))
			     : setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));

	return result < 0 ? -errno : 0;
}

int socket_original_destination(int fd, sa_family_t family, struct address *out)
{
	struct sockaddr_storage ss = {0};
	socklen_t length = sizeof(ss);
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;

	if (getsockopt(fd, level, SO_ORIGINAL_DST, &ss, &length) < 0)
		return -errno;
	*out = address_from_sockaddr(&ss);
	return 0;
}
