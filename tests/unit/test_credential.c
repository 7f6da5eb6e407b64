/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf/credential.c: the key, from files and start lines; what is wrong with one, and who sees it.
 */
#include "suite.h"

#include "conf/conf.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGS_MAX 32

#define KEY_16	       "Lc3tTx0BY6ZJ/fCwOx3JvA=="
#define KEY_32	       "Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4="
#define OTHER_32       "3oFO0VyLyGI4nFN0M9P+62vPND/L6v8IingaPJWTbJA="
#define START	       "client -s 10.0.0.1 -p 1 "
#define MAKES(m)       "\"mpbridge keygen " m "\" makes one"
#define NO_PASSWORD(m) m " wants a password: " MAKES(m)
#define NO_KEY(m, n)   m " wants a key, " n " bytes in base64: " MAKES(m)

static const uint8_t key_32[32] = {
	0x2d, 0xcd, 0xed, 0x4f, 0x1d, 0x01, 0x63, 0xa6, 0x49, 0xfd, 0xf0,
	0xb0, 0x3b, 0x1d, 0xc9, 0xbc, 0x5d, 0x08, 0xfd, 0xa9, 0xe1, 0xc0,
	0x90, 0x4e, 0xe6, 0x9d, 0xbe, 0x14, 0x0e, 0x55, 0x71, 0xee,
};
static const uint8_t md5_of_password[16] = {
	0x5f, 0x4d, 0xcc, 0x3b, 0x5a, 0xa7, 0x65, 0xd6,
	0x1d, 0x83, 0x27, 0xde, 0xb8, 0x82, 0xcf, 0x99,
};

static struct messages errors, notes;
static char file[] = "/tmp/test_credential.XXXXXX";
static char line[1024];

static int make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	crypto_exit();
	return unlink(file);
}

/* What is given besides the address and the port. */
static void write_file(const char *keys)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_true(fprintf(stream, "{ \"server\": \"10.0.0.1\", \"server_port\": 1, %s }", keys) >
		    0);
	assert_int_equal(fclose(stream), 0);
}

/* Words of `line` are parted by spaces; FILE becomes the file's name. */
static int read_line(const char *text, struct conf *conf)
{
	enum conf_role role = strncmp(text, "server", 6) == 0 ? CONF_SERVER : CONF_CLIENT;
	char *argv[ARGS_MAX + 1];
	int argc = 0;

	memset(&errors, 0, sizeof(errors));
	memset(&notes, 0, sizeof(notes));
	snprintf(line, sizeof(line), "%s", text);
	for (char *word = strtok(line, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "FILE") == 0 ? file : word;
	argv[argc] = NULL;
	return conf_read(role, argc, argv, conf, &errors, &notes);
}

/* It is right, and this is the key; no key: NULL. */
static void assert_key(const char *text, const uint8_t *key, size_t n)
{
	struct conf conf;
	int error = read_line(text, &conf);

	if (error < 0)
		fail_msg("%s: %s", text, errors.text[0]);
	assert_int_equal(conf.key != NULL, key != NULL);
	if (key) {
		assert_int_equal(method_key_bytes(conf.method), n);
		assert_memory_equal(conf.key, key, n);
	}
	conf_exit(&conf);
	assert_null(conf.key);
}

static void assert_mistake(const char *text, const char *message)
{
	struct conf conf, before;

	memset(&conf, 0x5a, sizeof(conf));
	before = conf;
	assert_int_equal(read_line(text, &conf), -EINVAL);
	assert_string_equal(errors.text[0], message);
	assert_int_equal(errors.count, 1);
	assert_memory_equal(&conf, &before, sizeof(conf));
}

/* A mistake in the file, whose name the message begins with. */
static void assert_file_mistake(const char *keys, const char *message)
{
	char expected[MESSAGES_TEXT_BYTES];

	write_file(keys);
	snprintf(expected, sizeof(expected), "%s: %s", file, message);
	assert_mistake("client -c FILE", expected);
}

static void test_flags(void **state)
{
	(void)state;
	assert_key(START "-m none", NULL, 0);
	assert_key(START "-m aes-128-gcm -k password", md5_of_password, 16);
	assert_key("server -p 1 -m aes-128-gcm -kpassword", md5_of_password, 16);
	assert_key(START "-m aes-128-gcm --password=password", md5_of_password, 16);
	assert_key(START "-m 2022-blake3-aes-256-gcm -k " KEY_32, key_32, 32);
	assert_key(START "-m 2022-blake3-aes-128-gcm -k " KEY_16, key_32, 16);
	assert_key(START "-m auth-only --key " KEY_32, key_32, 32);
	/* whichever comes first */
	assert_key("server -k " KEY_32 " -p 1 -m 2022-blake3-chacha20-poly1305", key_32, 32);
}

static void test_files(void **state)
{
	(void)state;
	write_file("\"password\": \"" KEY_32 "\", \"method\": \"2022-blake3-aes-256-gcm\"");
	assert_key("client -c FILE", key_32, 32);
	assert_key("server -c FILE", key_32, 32);
	write_file("\"key\": \"" KEY_32 "\", \"method\": \"aes-256-gcm\", \"password\": \"\"");
	assert_key("client -c FILE", key_32, 32);
	write_file("\"key\": \"\", \"method\": \"aes-128-gcm\", \"password\": \"password\"");
	assert_key("client -c FILE", md5_of_password, 16);
	assert_int_equal(notes.count, 0);
}

/* As shadowsocks-libev takes it. */
static void test_number(void **state)
{
	static const uint8_t md5_of_12345[16] = {
		0x82, 0x7c, 0xcb, 0x0e, 0xea, 0x8a, 0x70, 0x6c,
		0x4c, 0x34, 0xa1, 0x68, 0x91, 0xf8, 0x4e, 0x7b,
	};

	(void)state;
	write_file("\"method\": \"aes-128-gcm\", \"password\": 12345");
	assert_key("client -c FILE", md5_of_12345, 16);
}

static void test_both(void **state)
{
	(void)state;
	assert_key(START "-m auth-only -k " KEY_32 " --key " KEY_32, key_32, 32);
	assert_key(START "-m aes-128-gcm -k password --key X03MO1qnZdYdgyfeuILPmQ==",
		   md5_of_password, 16);
	assert_mistake(START "-m auth-only -k " KEY_32 " --key " OTHER_32,
		       "--key: not the same key as password gives; allowed: one of the two");
	assert_file_mistake("\"method\": \"aes-128-gcm\", \"password\": \"password\", \"key\": "
			    "\"" KEY_16 "\"",
			    "key: not the same key as password gives; allowed: one of the two");
}

static void test_flags_over_file(void **state)
{
	(void)state;
	write_file("\"method\": \"auth-only\", \"password\": \"" OTHER_32 "\"");
	assert_key("client -c FILE -k " KEY_32, key_32, 32);
	assert_key("client -c FILE --key " KEY_32, key_32, 32);
	assert_key("client -c FILE -m aes-128-gcm -k password", md5_of_password, 16);
	write_file("\"method\": \"auth-only\", \"key\": \"" OTHER_32 "\"");
	assert_key("client -c FILE -k " KEY_32, key_32, 32);
}

static void test_missing(void **state)
{
	(void)state;
	assert_mistake(START "-m aes-256-gcm", "-k: missing; " NO_PASSWORD("aes-256-gcm"));
	assert_mistake(START "-m auth-only", "-k: missing; " NO_KEY("auth-only", "32"));
	assert_file_mistake("\"method\": \"2022-blake3-aes-128-gcm\"",
			    "password: missing; " NO_KEY("2022-blake3-aes-128-gcm", "16"));
	assert_file_mistake("\"method\": \"aes-128-gcm\", \"password\": \"\"",
			    "password: empty; " NO_PASSWORD("aes-128-gcm"));
	assert_file_mistake("\"method\": \"aes-128-gcm\", \"key\": \"\"",
			    "key: empty; " NO_KEY("aes-128-gcm", "16"));
	assert_mistake("client -c /nonexistent/file -m aes-256-gcm",
		       "/nonexistent/file: cannot be read: No such file or directory");
}

static void test_no_key(void **state)
{
	(void)state;
	assert_mistake(START "-m 2022-blake3-aes-256-gcm -k hunter2",
		       "-k: found a password; " NO_KEY("2022-blake3-aes-256-gcm", "32"));
	assert_mistake(START "-m 2022-blake3-aes-128-gcm -k " KEY_32,
		       "-k: found a key of 32 bytes; " NO_KEY("2022-blake3-aes-128-gcm", "16"));
	assert_file_mistake(
		"\"method\": \"2022-blake3-aes-256-gcm\", \"password\": \"" KEY_32 ":" OTHER_32
		"\"",
		"password: found several keys with a colon between, for users of one server, "
		"which is not supported; " NO_KEY("2022-blake3-aes-256-gcm", "32"));
	assert_file_mistake("\"method\": \"aes-256-gcm\", \"key\": \"hunter2\"",
			    "key: found a password; " NO_KEY("aes-256-gcm", "32"));
}

/* A value that was a mistake by itself is not called missing, too. */
static void test_one_message(void **state)
{
	struct conf conf;
	char text[1024];

	(void)state;
	assert_file_mistake("\"method\": \"auth-only\", \"password\": [\"hunter2\"]",
			    "password: not a text; allowed: a text");
	assert_mistake(START "-m auth-only -k", "-k: needs a value");
	snprintf(text, sizeof(text), "%s-m aes-128-gcm -k %0512d", START, 7);
	assert_mistake(text, "-k: too long; allowed: at most 511 characters");
	snprintf(text, sizeof(text), "%s-m aes-128-gcm -k %0511d", START, 7);
	assert_int_equal(read_line(text, &conf), 0);
	conf_exit(&conf);
}

static void test_never_shown(void **state)
{
	static const char *const lines[] = {
		START "-m auth-only -k hunter2",
		START "-m aes-128-gcm --key hunter2 -k hunter2",
		START "-m none -k hunter2 --key=hunter2",
		START "-m rc4 -khunter2 -t 0",
	};
	struct conf conf;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		read_line(lines[i], &conf);
		assert_true(errors.count + notes.count > 0);
		assert_false(messages_contain(&errors, "hunter2"));
		assert_false(messages_contain(&notes, "hunter2"));
		assert_null(memmem(line, sizeof(line), "hunter2", 7)); /* where ps(1) looks */
	}
}

static void test_ignored(void **state)
{
	(void)state;
	assert_key(START "-m none -k x --key y", NULL, 0);
	assert_int_equal(notes.count, 2);
	assert_string_equal(notes.text[0], "-k: ignored: method none protects nothing with it");
	assert_string_equal(notes.text[1], "--key: ignored: method none protects nothing with it");
}

static unsigned notes_with_mode(mode_t mode)
{
	assert_int_equal(chmod(file, mode), 0);
	assert_key("server -c FILE", md5_of_password, 16);
	assert_true(notes.count == 0 || strstr(notes.text[0], "others may read it: chmod 600 /"));
	return notes.count;
}

static void test_open_file(void **state)
{
	struct conf conf;

	(void)state;
	write_file("\"method\": \"aes-128-gcm\", \"password\": \"password\"");
	assert_int_equal(notes_with_mode(0600), 0);
	assert_int_equal(notes_with_mode(0640), 1);
	assert_int_equal(notes_with_mode(0604), 1);
	assert_int_equal(notes_with_mode(0400), 0);
	chmod(file, 0644);
	assert_int_equal(read_line("server -c FILE -k other", &conf), 0);
	assert_int_equal(notes.count, 1); /* it is in the file all the same */
	conf_exit(&conf);
	write_file("\"method\": \"none\", \"password\": \"\"");
	assert_key("server -c FILE", NULL, 0);
	assert_int_equal(notes.count, 0);
	chmod(file, 0600);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),		cmocka_unit_test(test_files),
		cmocka_unit_test(test_number),		cmocka_unit_test(test_both),
		cmocka_unit_test(test_flags_over_file), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_no_key),		cmocka_unit_test(test_one_message),
		cmocka_unit_test(test_never_shown),	cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_open_file),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
