/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration as a whole: files people have, start lines they have, and which of the two
 * wins. */
#include "conf/conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS_MAX 64

static struct messages errors, notes;
static char file[] = "/tmp/test_conf.XXXXXX";

static const char seed_client[] = "{\n"
				  "    \"server\" : [\"10.10.1.2\", \"10.10.2.2\"],\n"
				  "    \"server_port\" : 8388,\n"
				  "    \"local_address\" : \"192.168.1.1\",\n"
				  "    \"local_port\" : 1080,\n"
				  "    \"password\" : \"\",\n"
				  "    \"timeout\" : 300,\n"
				  "    \"method\" : \"none\",\n"
				  "    \"fast_open\" : false,\n"
				  "}\n";
static const char seed_server[] = "{\n"
				  "    \"server\" : \"0.0.0.0\",\n"
				  "    \"server_port\" : 8388,\n"
				  "    \"local_address\" : \"192.168.2.1\",\n"
				  "    \"local_port\" : 1080,\n"
				  "    \"password\" : \"\",\n"
				  "    \"timeout\" : 300,\n"
				  "    \"method\" : \"none\",\n"
				  "    \"fast_open\" : false,\n"
				  "}\n";

static int make_file(void **state)
{
	int fd = mkstemp(file);

	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	return unlink(file);
}

static void write_file(const char *text)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, strlen(text), stream), strlen(text));
	assert_int_equal(fclose(stream), 0);
}

/* Cuts a start line into words: "client -c FILE -p 80". FILE becomes the file's name. */
static int split(char *line, char **argv)
{
	int argc = 0;

	for (char *word = strtok(line, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "FILE") == 0 ? file : word;
	argv[argc] = NULL;
	return argc;
}

static int read_line(const char *text, struct conf *conf)
{
	enum conf_role role = strncmp(text, "server", 6) == 0 ? CONF_SERVER : CONF_CLIENT;
	char line[512], *argv[ARGS_MAX + 1];
	int argc;

	memset(&errors, 0, sizeof(errors));
	memset(&notes, 0, sizeof(notes));
	snprintf(line, sizeof(line), "%s", text);
	argc = split(line, argv);
	return conf_read(role, argc, argv, conf, &errors, &notes);
}

/* Reads a start line that is right. */
static struct conf read_good(const char *line)
{
	struct conf conf = {0};

	assert_int_equal(read_line(line, &conf), 0);
	assert_int_equal(errors.count, 0);
	return conf;
}

static void assert_ip(const struct address *a, const char *expected)
{
	char text[ADDRESS_TEXT_BYTES];

	assert_string_equal(address_format_ip(a, text), expected);
}

/* A start line that has this one mistake. */
static void assert_mistake(const char *line, const char *message)
{
	struct conf conf;

	assert_int_equal(read_line(line, &conf), -EINVAL);
	assert_string_equal(errors.text[0], message);
	assert_int_equal(errors.count, 1);
}

static void test_seed_client(void **state)
{
	struct conf conf;

	write_file(seed_client);
	conf = read_good("client -c FILE");
	assert_int_equal(notes.count, 0);
	assert_int_equal(conf.role, CONF_CLIENT);
	assert_int_equal(conf.n_servers, 2);
	assert_ip(&conf.server[0].address, "10.10.1.2");
	assert_string_equal(conf.server[1].name, "10.10.2.2");
	assert_int_equal(conf.server_port, 8388);
	assert_int_equal(conf.n_locals, 1);
	assert_ip(&conf.local[0].address, "192.168.1.1");
	assert_int_equal(conf.local_port, 1080);
	assert_int_equal(conf.timeout_s, 300);
	assert_string_equal(conf.method->name, "none");
	assert_null(conf.key);
	assert_false(conf.fast_open);
	assert_int_equal(conf.n_paths, 0);
}

static void test_seed_server(void **state)
{
	struct conf conf;

	write_file(seed_server);
	conf = read_good("server -c FILE");
	assert_int_equal(notes.count, 0);
	assert_int_equal(conf.role, CONF_SERVER);
	assert_int_equal(conf.n_servers, 1);
	assert_ip(&conf.server[0].address, "0.0.0.0");
	assert_int_equal(conf.n_locals, 1);
	assert_ip(&conf.local[0].address, "192.168.2.1");
}

static void test_defaults(void **state)
{
	struct conf conf = read_good("client -s 10.0.0.1 -p 8388 -m none");

	assert_int_equal(conf.n_locals, 2);
	assert_ip(&conf.local[0].address, "0.0.0.0");
	assert_ip(&conf.local[1].address, "::");
	assert_int_equal(conf.local_port, 1080);
	assert_int_equal(conf.timeout_s, 300);
	assert_int_equal(conf.forward, CONF_FORWARD_AUTO);
	assert_int_equal(conf.on_peer_down, CONF_PEER_DOWN_REFUSE);
	assert_int_equal(conf.workers, 0);
	assert_string_equal(conf.user, "");
	assert_string_equal(conf.pid_file, "");
	assert_false(conf.is_verbose || conf.fast_open);

	conf = read_good("server -p 8388 -m plain");
	assert_int_equal(conf.n_servers, 2);
	assert_ip(&conf.server[0].address, "0.0.0.0");
	assert_ip(&conf.server[1].address, "::");
	assert_int_equal(conf.n_locals, 0);
}

static void test_every_key(void **state)
{
	struct conf conf;

	write_file("{ \"server\": [\"far.example\", \"[fd00::1]\"], \"server_port\": \"443\","
		   "\"local_address\": [\"10.1.0.1\", \"fd01::1\"], \"local_port\": \"81\","
		   "\"method\": \"plain\", \"timeout\": \"60\", \"fast_open\": true,"
		   "\"paths\": [{\"interface\": \"wan1\"}, {\"interface\": \"wan2\","
		   "\"address\": \"fd02::2\", \"gateway\": \"fe80::1\", \"role\": \"backup\","
		   "\"congestion\": \"cubic\", \"dscp\": \"le\"}], \"congestion\": \"bbr\","
		   "\"forward\": \"copy\", \"on_peer_down\": \"direct\", \"workers\": 3, \"user\": "
		   "\"www-data\","
		   "\"pid_file\": \"/run/x.pid\", \"verbose\": true, \"mode\": \"tcp_only\" }");
	conf = read_good("client -c FILE");
	assert_int_equal(notes.count, 1);
	assert_true(messages_contain(&notes, ": fast_open: ignored: "));
	assert_string_equal(conf.server[0].name, "far.example");
	assert_int_equal(conf.server[0].address.family, 0);
	assert_string_equal(conf.server[1].name, "fd00::1");
	assert_int_equal(conf.server[1].address.family, AF_INET6);
	assert_int_equal(conf.server_port, 443);
	assert_int_equal(conf.n_locals, 2);
	assert_int_equal(conf.local_port, 81);
	assert_int_equal(conf.timeout_s, 60);
	assert_true(conf.fast_open && conf.is_verbose);
	assert_int_equal(conf.n_paths, 2);
	assert_string_equal(conf.path[0].interface, "wan1");
	assert_int_equal(conf.path[0].address.family, 0);
	assert_string_equal(conf.path[1].interface, "wan2");
	assert_ip(&conf.path[1].address, "fd02::2");
	assert_ip(&conf.path[1].gateway, "fe80::1");
	assert_int_equal(conf.path[0].role, CONF_PRIMARY);
	assert_int_equal(conf.path[1].role, CONF_BACKUP);
	assert_string_equal(conf.path[0].congestion.name, "bbr");
	assert_string_equal(conf.path[1].congestion.name, "cubic");
	assert_int_equal(conf.path[0].dscp, CONF_DSCP_NONE);
	assert_int_equal(conf.path[1].dscp, CONF_DSCP_LE);
	assert_int_equal(conf.forward, CONF_FORWARD_COPY);
	assert_int_equal(conf.on_peer_down, CONF_PEER_DOWN_DIRECT);
	assert_int_equal(conf.workers, 3);
	assert_string_equal(conf.user, "www-data");
	assert_string_equal(conf.pid_file, "/run/x.pid");
}

static void test_networks(void **state)
{
	struct conf conf;

	write_file("{ \"server_port\": 1, \"method\": \"none\", \"allow\": [\"10.10.0.0/16\","
		   "\"fd00::/8\"], \"deny\": \"192.168.0.1\" }");
	conf = read_good("server -c FILE");
	assert_int_equal(conf.n_allow, 2);
	assert_ip(&conf.allow[1].base, "fd00::");
	assert_int_equal(conf.allow[1].prefix_len, 8);
	assert_int_equal(conf.n_deny, 1);
	assert_int_equal(conf.deny[0].prefix_len, 32);

	conf = read_good("server -c FILE --allow 10.0.0.0/8 --deny 10.1.0.0/16 --deny ::/0");
	assert_int_equal(conf.n_allow, 1);
	assert_int_equal(conf.allow[0].prefix_len, 8);
	assert_int_equal(conf.n_deny, 2);
}

static void test_loopback_test_bed(void **state)
{
	struct conf conf;

	write_file("{ \"server\": [\"127.0.0.1\", \"127.0.0.2\"], \"server_port\": 1,"
		   "\"method\": \"none\" }");
	conf = read_good("client -c FILE");
	assert_int_equal(conf.n_servers, 2);
}

static void test_flags_over_file(void **state)
{
	struct conf conf;

	write_file(seed_client);
	conf = read_good("client -c FILE -s 10.9.0.1 -p 9 -b 0.0.0.0 -l 99 -t 7 -m plain");
	assert_int_equal(conf.n_servers, 1);
	assert_ip(&conf.server[0].address, "10.9.0.1");
	assert_int_equal(conf.server_port, 9);
	assert_int_equal(conf.n_locals, 1);
	assert_ip(&conf.local[0].address, "0.0.0.0");
	assert_int_equal(conf.local_port, 99);
	assert_int_equal(conf.timeout_s, 7);

	/* wherever the file is named */
	conf = read_good("client -s 10.9.0.1 -s 10.9.0.2 -s 10.9.0.3 -c FILE");
	assert_int_equal(conf.n_servers, 3);
	assert_ip(&conf.server[2].address, "10.9.0.3");
	assert_int_equal(conf.server_port, 8388);
}

/* However often -s is given, it means one router, whatever the file has. */
static void test_flags_over_routers(void **state)
{
	struct conf conf;

	write_file("{ \"server\": [[\"10.1.0.1\", \"10.1.0.2\"], [\"10.2.0.1\"]],"
		   "\"server_port\": 1, \"method\": \"none\" }");
	conf = read_good("client -c FILE -s 10.9.0.1 -s 10.9.0.2 -s 10.9.0.3");
	assert_int_equal(conf.n_servers, 3);
	assert_int_equal(conf.n_routers, 1);
	assert_int_equal(conf.server[2].router, 0);
	assert_mistake("client -c FILE -s 10.9.0.1 -s 10.9.0.1",
		       "-s: 10.9.0.1 is in the list twice");
}

static void test_long_flags(void **state)
{
	struct conf conf = read_good("client --server 10.0.0.1 --server-port=8388 --local-port 81 "
				     "--local-address ::1 --method none --timeout 60 --user root "
				     "--workers 2 --forward copy --verbose --pid-file /run/x.pid "
				     "--fast-open --congestion bbr --on-peer-down direct");

	assert_int_equal(notes.count, 1);
	assert_true(messages_contain(&notes, "--fast-open: ignored: "));
	assert_int_equal(conf.server_port, 8388);
	assert_int_equal(conf.local_port, 81);
	assert_ip(&conf.local[0].address, "::1");
	assert_int_equal(conf.timeout_s, 60);
	assert_string_equal(conf.user, "root");
	assert_int_equal(conf.workers, 2);
	assert_int_equal(conf.forward, CONF_FORWARD_COPY);
	assert_true(conf.is_verbose && conf.fast_open);
	assert_string_equal(conf.pid_file, "/run/x.pid");
	assert_string_equal(conf.congestion.name, "bbr");
	assert_int_equal(conf.on_peer_down, CONF_PEER_DOWN_DIRECT);
}

/* Start lines of ss-redir and ss-server; each flag without meaning here leaves one line. */
static void test_shadowsocks_lines(void **state)
{
	struct conf conf;

	conf = read_good("client -s 10.0.0.1 -p 8388 -b 0.0.0.0 -l 1080 -k x -m none -t 60 -u -v "
			 "-f /run/ss.pid -a nobody -n 4096 --mtu 1492 --mptcp --no-delay "
			 "--reuse-port --fast-open --tcp-incoming-sndbuf 65536");
	assert_string_equal(conf.user, "nobody");
	assert_string_equal(conf.pid_file, "/run/ss.pid");
	assert_true(conf.is_verbose && conf.fast_open);
	assert_string_equal(notes.text[0], "-u: ignored: UDP is not carried, only TCP");
	assert_string_equal(notes.text[1], "-n: ignored: the system's limit on open files applies");
	assert_true(messages_contain(&notes, "-k: ignored: method none"));
	assert_true(messages_contain(&notes, "--fast-open: ignored: "));
	assert_int_equal(notes.count, 9);

	conf = read_good(
		"server -s 0.0.0.0 -s :: -p 8388 -k x -m none -t 60 -u -6 -d 9.9.9.9 -v -a "
		"nobody -b 10.0.0.2 --reuse-port --key x");
	assert_int_equal(conf.n_servers, 2);
	assert_ip(&conf.local[0].address, "10.0.0.2");
	assert_int_equal(notes.count, 5);
	assert_int_equal(conf.n_nameservers, 1);
	assert_ip(&conf.nameserver[0], "9.9.9.9");
	assert_int_equal(conf.nameserver[0].port, 53);
}

static void test_refused_flags(void **state)
{
	static const char *const start = "client -s a -p 1 -m none ";
	static const char *const flags[][2] = {
		{"-U", "-U: refused: UDP is not carried, so nothing would be left to do"},
		{"-i eth0", "-i: refused: links are named in paths; other connections leave by the "
			    "routing table, from local_address"},
		{"-A", "-A: refused: one-time authentication is broken and deprecated"},
		{"--plugin-opts obfs=tls", "--plugin-opts: refused: plugins are not supported"},
		{"--executable x", "--executable: refused: there is no manager interface"},
	};
	char line[128];

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		snprintf(line, sizeof(line), "%s%s", start, flags[i][0]);
		assert_mistake(line, flags[i][1]);
	}
}

static void test_flag_mistakes(void **state)
{
	assert_mistake("client -s a -m none -p abc",
		       "-p: found \"abc\"; allowed: a whole number from 1 to 65535");
	assert_mistake("client -s a -m none -p 1 --timeout 0",
		       "-t: found \"0\"; allowed: a whole number from 1 to 2592000");
	assert_mistake("client -s a:1 -m none -p 1",
		       "-s: found \"a:1\": a port does not belong here: it has its own key, "
		       "server_port or local_port; allowed: an IP address or a host name");
	assert_mistake("client -s a -p 1 -m", "-m: needs a value");
	assert_mistake("client -s a -p 1 -m none --workers", "--workers: needs a value");
	assert_mistake("client -s a -p 1 -m none -Q",
		       "-Q: unknown flag; allowed: those of mpbridge "
		       "client -h");
	assert_mistake("server -p 1 -m none --serverport=1",
		       "--serverport: unknown flag; did you mean --server-port?");
	assert_mistake("server -p 1 -m none --colour", "--colour: unknown flag; allowed: those of "
						       "mpbridge server -h");
	assert_mistake("server -p 1 -m none --fast-open=yes", "--fast-open: takes no value");
	assert_mistake("client -s a -p 1 -m none --allow ::/0", "--allow: for a server only");
	assert_mistake("server -p 1 -m none --on-peer-down direct",
		       "--on-peer-down: for a client only");
	assert_mistake("client -s a -p 1 -m none --on-peer-down x",
		       "--on-peer-down: found \"x\"; allowed: \"refuse\", \"direct\"");
	assert_mistake("client -s a -p 1 -m none --paths",
		       "--paths: not a flag; allowed: in the file "
		       "alone");
	assert_mistake(
		"client -s a -p 1 -m aes-256-cfb",
		"-m: found \"aes-256-cfb\": a stream cipher, broken and deprecated: others can "
		"change what it carries, so it is not supported; use 2022-blake3-aes-256-gcm, or "
		"chacha20-ietf-poly1305 where the other end does not know that; allowed: none, "
		"auth-only, 2022-blake3-aes-128-gcm, 2022-blake3-aes-256-gcm, "
		"2022-blake3-chacha20-poly1305, aes-128-gcm, aes-256-gcm, chacha20-ietf-poly1305");
	assert_mistake("client -s a -s b -s c -s d -s e -s f -s g -s h -s i -p 1 -m none",
		       "-s: too many; allowed: at most 8");
	assert_mistake("client -s a -s A -p 1 -m none", "-s: A is in the list twice");
}

/* A word without a flag may be a piece of a password, and so may what follows a mistyped flag. */
static void test_secrets(void **state)
{
	struct conf conf;

	write_file("{ \"password\": \"hunter2\", \"key\": { \"hunter2\": 1 },"
		   "\"plugin_opts\": \"hunter2\", \"port_password\": { \"1\": \"hunter2\" } }");
	assert_int_equal(
		read_line("client -c FILE -k hunter2 hunter2 --pasword=hunter2 -- hunter2", &conf),
		-EINVAL);
	assert_false(messages_contain(&errors, "hunter2"));
	assert_false(messages_contain(&notes, "hunter2"));
	assert_true(messages_contain(&errors, "--pasword: unknown flag; did you mean --password?"));
	assert_true(messages_contain(&errors, "word 5 after the command is not a flag"));
	assert_true(messages_contain(&errors, "word 8 after the command is not a flag"));
}

static void test_nothing_given(void **state)
{
	struct conf conf;

	assert_int_equal(read_line("client", &conf), -EINVAL);
	assert_int_equal(errors.count, 3);
	assert_string_equal(errors.text[0],
			    "-s: missing; allowed: a list, or an IP address or a host name");
	assert_string_equal(errors.text[1], "-p: missing; allowed: a whole number from 1 to 65535");
	assert_int_equal(strncmp(errors.text[2], "-m: missing; allowed: none, auth-only, ", 39), 0);
}

static void test_unreadable(void **state)
{
	assert_mistake("client -c /nonexistent/file",
		       "/nonexistent/file: cannot be read: No such file or directory");
	assert_mistake("client -c /", "/: cannot be read: Is a directory");
	assert_mistake("client -c /dev/null", "/dev/null: empty: it must be one object, { ... }");
	assert_mistake("client -c /dev/zero", "/dev/zero: longer than 1 MiB: not a configuration");
}

static void test_untouched_on_failure(void **state)
{
	struct conf conf, before;

	memset(&conf, 0x5a, sizeof(conf));
	before = conf;
	write_file(seed_client);
	assert_int_equal(read_line("client -c FILE -t 0", &conf), -EINVAL);
	assert_memory_equal(&conf, &before, sizeof(conf));
	write_file("{");
	assert_int_equal(read_line("client -c FILE", &conf), -EINVAL);
	assert_memory_equal(&conf, &before, sizeof(conf));
}

static void test_file_and_flags_at_once(void **state)
{
	char expected[300];
	struct conf conf;

	write_file("{ \"server\": \"\", \"timeout\": 0 }");
	assert_int_equal(read_line("client -c FILE -p 0 -m rc4 -x", &conf), -EINVAL);
	assert_int_equal(errors.count, 5);
	snprintf(expected, sizeof(expected), "%s: timeout: found 0; ", file);
	assert_true(messages_contain(&errors, expected));
	assert_true(messages_contain(&errors, "-p: found \"0\"; "));
	assert_true(messages_contain(&errors, "-m: found \"rc4\": "));
	assert_true(messages_contain(&errors, "-x: unknown flag"));
}

/* A server's files often have the client's listening address. */
static void test_server_local_address(void **state)
{
	struct conf conf;

	conf = read_good("server -p 1 -m none -b 127.0.0.1 -b fd00::2");
	assert_int_equal(conf.n_locals, 1);
	assert_ip(&conf.local[0].address, "fd00::2");
	assert_string_equal(notes.text[0],
			    "-b: ignored: 127.0.0.1 cannot be the source of outgoing connections");
	conf = read_good("server -p 1 -m none -b 0.0.0.0");
	assert_int_equal(conf.n_locals, 0);
	assert_int_equal(notes.count, 1);
}

static void test_udp_note(void **state)
{
	write_file("{ \"server\": \"a\", \"server_port\": 1, \"method\": \"none\","
		   "\"mode\": \"tcp_and_udp\" }");
	read_good("client -c FILE");
	assert_int_equal(notes.count, 1);
	assert_non_null(strstr(notes.text[0], ": mode: UDP is not carried, only TCP"));
}

static bool asks_help(const char *text)
{
	char line[128], *argv[ARGS_MAX + 1];
	int argc;

	snprintf(line, sizeof(line), "%s", text);
	argc = split(line, argv);
	return conf_asks_help(CONF_CLIENT, argc, argv);
}

static void test_asks_help(void **state)
{
	assert_true(asks_help("client -h"));
	assert_true(asks_help("client -s x --bogus word --help"));
	assert_false(asks_help("client -k -h"));
	assert_false(asks_help("client"));
}

static void test_help(void **state)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	conf_print_help(stream, CONF_SERVER);
	assert_int_equal(fclose(stream), 0);
	assert_non_null(strstr(text, "usage: mpbridge server -c FILE [flags]\n"));
	assert_non_null(
		strstr(text, "  -p, --server-port PORT           the port of the server\n"));
	assert_non_null(strstr(text, "      --allow NETWORK "));
	assert_non_null(strstr(text, "      --congestion NAME "));
	assert_non_null(strstr(text, "-U --plugin --plugin-opts"));
	assert_null(strstr(text, "--paths"));
	assert_null(strstr(text, "--on-peer-down"));
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 100);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seed_client),
		cmocka_unit_test(test_seed_server),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_loopback_test_bed),
		cmocka_unit_test(test_flags_over_file),
		cmocka_unit_test(test_flags_over_routers),
		cmocka_unit_test(test_long_flags),
		cmocka_unit_test(test_shadowsocks_lines),
		cmocka_unit_test(test_refused_flags),
		cmocka_unit_test(test_flag_mistakes),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_nothing_given),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_untouched_on_failure),
		cmocka_unit_test(test_file_and_flags_at_once),
		cmocka_unit_test(test_server_local_address),
		cmocka_unit_test(test_udp_note),
		cmocka_unit_test(test_asks_help),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
