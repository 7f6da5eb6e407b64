/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker without its supervisor: loopback client|server IP PORT FLAG... */
#include "base/log.h"
#include "crypto/crypto.h"
#include "daemon/salts_file.h"
#include "daemon/sockets.h"
#include "kernel/socket.h"
#include "relay/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. qemu-user passes on neither the rules of rtnetlink nor generic netlink nor
 * inet_diag, so mpbridge itself does not start under it. What a flow needs does: this program opens
 * what a supervisor opens, writes the board that it would write, with the loopback interface as the
 * one path, and runs a worker's relay in itself, without sandbox and privileges.
 *
 * Where a connection wanted to go is IP and PORT (qemu-user does not know SO_ORIGINAL_DST either);
 * the linker puts the function below in the place of that of kernel/socket.c. The flags are those
 * of mpbridge. It says "ready" and runs until it gets SIGTERM.
 */

static struct address destination;

int __wrap_socket_original_destination(int fd, sa_family_t family, struct address *out);

int __wrap_socket_original_destination(int fd, sa_family_t family, struct address *out)
{
	*out = destination;
	return 0;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "loopback: %s\n", what);
	exit(EXIT_FAILURE);
}

static void publish(struct board *board, const struct conf *conf)
{
	static struct board_table table;

	if (conf->role == CONF_CLIENT) {
		table.n_paths = 1;
		table.path[0] = (struct board_path){.interface = "lo",
						    .ifindex = 1,
						    .server = conf->server[0].address,
						    .local = conf->server[0].address,
						    .may_start = true,
						    .health = HEALTH_UP};
		table.path[0].server.port = table.path[0].local.port = 0;
	} else {
		table.n_nets = 1;
		table.net[0].own = table.net[0].subnet.base = destination;
		table.net[0].subnet.prefix_len = 24;
	}
	board_publish(board, &table);
}

static void on_witness(struct relay *relay, const struct address *local)
{
}

static void on_greeted(struct relay *relay, enum greeting_kind kind, const struct address *local,
		       const struct address *about)
{
}

static void on_doubt(struct relay *relay, uint8_t place, enum doubt doubt)
{
}

static void on_held_up(struct relay *relay, const struct address *local,
		       const struct address *remote)
{
}

static void on_idle(struct relay *relay)
{
}

static void run(const struct conf *conf)
{
	static struct sockets sockets;
	static struct relay relay;
	struct salts_file salts_file = {.fd = -1};
	struct salts salts = {.n_tables = 1, .forgets = conf->method->format == METHOD_2022};
	struct service_setup setup = {.conf = conf, .salts = &salts};
	struct loop loop;
	int board_fd;

	setup.board = board_new(&board_fd);
	if (!setup.board || sockets_open(&sockets, conf, 1) < 0 || loop_init(&loop) < 0 ||
	    salts_file_open(&salts_file, conf->server_port, 1, NULL) < 0)
		die("cannot be opened");
	setup.counters = &setup.board->worker[0];
	salts.store = salts_file.store;
	publish(setup.board, conf);
	if (service_init(&relay, &loop, &setup) < 0)
		die("no service");
	relay.on_witness = on_witness;
	relay.on_greeted = on_greeted;
	relay.on_doubt = on_doubt;
	relay.on_held_up = on_held_up;
	relay.on_idle = on_idle;
	if (service_listen(&relay, sockets.fd[0], sockets.n_addresses) < 0)
		die("cannot accept");
	puts("ready");
	fflush(stdout);
	loop_run(&loop);
}

int main(int argc, char **argv)
{
	static struct messages errors, notes;
	static struct conf conf;
	enum conf_role role;

	if (argc < 5 || !address_parse(argv[2], &destination))
		die("usage: loopback client|server IP PORT FLAG...");
	destination.port = (uint16_t)atoi(argv[3]);
	role = strcmp(argv[1], "server") == 0 ? CONF_SERVER : CONF_CLIENT;
	signal(SIGPIPE, SIG_IGN);
	if (conf_read(role, argc - 3, argv + 3, &conf, &errors, &notes) < 0)
		die(errors.count ? errors.text[0] : "no configuration");
	run(&conf);
	return EXIT_SUCCESS;
}
