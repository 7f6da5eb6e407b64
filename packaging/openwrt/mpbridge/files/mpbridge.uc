// SPDX-License-Identifier: GPL-3.0-or-later
// For rpcd, and by that for LuCI.
//   ubus call mpbridge status                       what "mpbridge status --json" says, one element of daemons
//                                                   for each line; none if none runs
//   ubus call mpbridge status '{"flows": true}'     with connections
//   ubus call mpbridge keygen '{"method": "..."}'   a new key; nothing is stored
'use strict';

import { popen } from 'fs';

const METHODS = [
	'auth-only', '2022-blake3-aes-256-gcm', '2022-blake3-aes-128-gcm', '2022-blake3-chacha20-poly1305',
	'chacha20-ietf-poly1305', 'aes-256-gcm', 'aes-128-gcm'
];

function ask(flags) {
	let daemons = [];
	let answers = popen(`/usr/sbin/mpbridge status --json ${flags} 2>/dev/null`);

	for (let line = answers?.read('line'); length(line); line = answers.read('line'))
		push(daemons, json(line));
	answers?.close();
	return { daemons };
}

// A shell reads the command: what is in it is one of our own words, or nothing.
function keygen(method) {
	if (index(METHODS, method) < 0)
		exit(UBUS_STATUS_INVALID_ARGUMENT);

	let answer = popen(`/usr/sbin/mpbridge keygen ${method} 2>/dev/null`);
	let key = trim(answer?.read('line') ?? '');

	answer?.close();
	return { key };
}

return {
	mpbridge: {
		status: {
			args: { flows: false },
			call: (request) => ask(request.args.flows ? '--flows' : '')
		},
		keygen: {
			args: { method: 'auth-only' },
			call: (request) => keygen(request.args.method)
		}
	}
};
