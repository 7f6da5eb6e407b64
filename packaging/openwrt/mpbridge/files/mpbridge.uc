// SPDX-License-Identifier: GPL-3.0-or-later
// For rpcd: "ubus call mpbridge status" is what "mpbridge status --json" says, one element of daemons
// for each line. None is there if none runs.
'use strict';

import { popen } from 'fs';

function ask(flags) {
	let daemons = [];
	let answers = popen(`/usr/sbin/mpbridge status --json ${flags} 2>/dev/null`);

	for (let line = answers?.read('line'); length(line); line = answers.read('line'))
		push(daemons, json(line));
	answers?.close();
	return { daemons };
}

return {
	mpbridge: {
		status: {
			args: { flows: false },
			call: (request) => ask(request.args.flows ? '--flows' : '')
		}
	}
};
