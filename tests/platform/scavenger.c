/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a congestion control that a program has loaded (BPF, a link of struct_ops) is taken from a
 * route in any network namespace, and its name is gone when the program lets it go, while
 * connections that use it go on.
 * Relied on by kernel/scavenger.c.
 * Kernel: net/ipv4/bpf_tcp_ca.c; kernel/bpf/bpf_struct_ops.c; net/ipv4/tcp_cong.c,
 * tcp_ca_find_key().
 */
#include "kernel/scavenger.h"
#include "platform.h"

#include <stdio.h>

static struct scavenger *load(void)
{
	struct scavenger *scavenger;
	int err = scavenger_open(&scavenger);

	if (err == -ENOTSUP)
		platform_skip("there is no scavenger in this build, or no such BPF in this kernel");
	if (err == -EPERM)
		platform_skip("BPF may not be loaded here");
	PLATFORM_EXPECT(err == 0, "%s when it was loaded", strerror(-err));
	return scavenger;
}

static int is_known(const char *name)
{
	return platform_lines("sysctl -n net.ipv4.tcp_available_congestion_control | grep -w %s",
			      name);
}

/* Loads a second one, for the name: a machine may have several programs that do so. */
static void expect_another_name(const struct scavenger *scavenger)
{
	struct scavenger *other = load();

	PLATFORM_EXPECT(strcmp(scavenger_name(scavenger), scavenger_name(other)) != 0,
			"the same name twice");
	scavenger_close(other);
}

static void expect_knowledge(const struct scavenger *scavenger, const char *from, const char *to)
{
	struct address local, remote;
	struct scavenger_path path;

	PLATFORM_EXPECT(address_parse(from, &local) && address_parse(to, &remote), "no addresses");
	PLATFORM_EXPECT(scavenger_look(scavenger, &local, &remote, &path) == 0,
			"nothing known of the way to %s", to);
	PLATFORM_EXPECT(path.base_us > 0, "no round trip to %s", to);
	PLATFORM_EXPECT(scavenger_look(scavenger, &remote, &remote, &path) == -ENOENT,
			"something known of a way that is none");
}

/* An IPv6 socket from the client to `ip` on the server, where `listener` is, asks for it by name.
 */
static void talk_by_ipv6(const struct platform_lab *lab, const char *name, const char *ip,
			 int listener)
{
	int client, server;

	platform_enter(lab->client);
	client = socket(AF_INET6, SOCK_STREAM, 0);
	PLATFORM_EXPECT(
		setsockopt(client, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)) == 0,
		"%s refused", name);
	PLATFORM_EXPECT(platform_connect(client, ip, PLATFORM_PORT) == 0, "no connection to %s",
			ip);
	server = platform_accept(listener);
	platform_transfer(client, server, 1 << 20);
	close(client);
	close(server);
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;
	struct scavenger *scavenger;
	char name[16];
	int listener;

	platform_begin("a congestion control in BPF is taken from a route, and goes with its link");
	scavenger = load();
	snprintf(name, sizeof(name), "%s", scavenger_name(scavenger));
	platform_lab(&lab, 1);
	platform_run("ip route change 10.10.1.0/24 dev wan1 src 10.10.1.1 congctl lock %s", name);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_EXPECT(
		platform_lines("ss -tni state established dst 10.10.1.2 | grep -w %s", name) == 1,
		"another congestion control");
	platform_transfer(pair.client, pair.server, 1 << 20);
	expect_knowledge(scavenger, "10.10.1.1", "10.10.1.2");
	talk_by_ipv6(&lab, name, "::ffff:10.10.1.2", pair.listener);
	platform_enter(lab.server);
	listener = platform_listen("fd00:10:1::2", 0);
	talk_by_ipv6(&lab, name, "fd00:10:1::2", listener);
	expect_knowledge(scavenger, "fd00:10:1::1", "fd00:10:1::2");
	expect_another_name(scavenger);
	scavenger_close(scavenger);
	PLATFORM_WAIT(!is_known(name), "the name is still there");
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_pair_close(&pair);
	return platform_ok();
}
