// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the plugin for rpcd, which is ucode, as far as the two languages are the same: what is another in
// ucode is given to it here. node plugin.js METHOD ARGS runs one of its methods, with a program of the
// tests in place of mpbridge; prints {answer, status, commands}.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { execSync } = require('node:child_process');

const PLUGIN = path.join(__dirname, '../../../packaging/openwrt/mpbridge/files/mpbridge.uc');
const IMPORT = "import { popen } from 'fs';\n";

class Exit extends Error {}

function popen(command) {
	const program = process.env.MPBRIDGE ?? 'false';
	const lines = execSync(command.replace('/usr/sbin/mpbridge', program) + ' || :').toString().split(/(?<=\n)/);

	commands.push(command);
	return { read: () => lines.shift() ?? '', close() {} };
}

const commands = [];
const ucode = {
	popen,
	length: value => value?.length ?? 0,
	push: (list, value) => list.push(value),
	json: JSON.parse,
	index: (list, value) => list.indexOf(value),
	trim: text => text.trim(),
	UBUS_STATUS_INVALID_ARGUMENT: 2,
	exit: status => { throw Object.assign(new Exit(), { status }); }
};

function load() {
	const source = fs.readFileSync(PLUGIN, 'utf8');

	if (!source.includes(IMPORT))
		throw new Error('the plugin imports something else');
	return new Function(...Object.keys(ucode), source.replace(IMPORT, ''))(...Object.values(ucode));
}

function call(method, args) {
	const { args: defaults, call } = load().mpbridge[method];

	for (const name in args)
		if (typeof(args[name]) != typeof(defaults[name]))
			return { status: ucode.UBUS_STATUS_INVALID_ARGUMENT }; // rpcd sees to it
	try {
		return { answer: call({ args }), status: 0 };
	} catch (error) {
		if (!(error instanceof Exit))
			throw error;
		return { status: error.status };
	}
}

const [ , , method, args ] = process.argv;
console.log(JSON.stringify({ ...call(method, JSON.parse(args)), commands }));
