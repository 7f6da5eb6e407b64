// SPDX-License-Identifier: GPL-3.0-or-later
// What the pages have in them, as JSON for test_luci.py: node dump.js fields | calls | pairing
'use strict';

const fs = require('node:fs');
const { Luci } = require('./runtime.js');

const VIEWS = [ 'mpbridge.status', 'mpbridge.connections', 'mpbridge.settings', 'mpbridge.pairing', 'status.include.31_mpbridge' ];

// [section type, option, widget, values that can be chosen or null] for each option of the settings.
async function fields() {
	const luci = new Luci();

	await luci.show('view.mpbridge.settings');
	return luci.maps[0].sections.flatMap(section => section.options.map(option =>
		[ section.type, option.option, option.widget, option.choices.length ? option.choices.map(([ value ]) => value) : null ]));
}

// What each view may ask: ubus methods, commands, and files of UCI that it reads.
async function calls() {
	const asked = {};

	for (const name of VIEWS) {
		const luci = new Luci();
		await luci.show('view.' + name);
		await luci.page.handleDoctor?.();
		asked[name] = {
			ubus: luci.declared, exec: luci.executed.map(command => command.join(' ')),
			uci: luci.loaded, writes: luci.maps.map(map => map.config)
		};
	}
	return asked;
}

// stdin: {build: serverOf or clientOf, end: {...}, asked: {...}}.
function pairing() {
	const { build, end, asked } = JSON.parse(fs.readFileSync(0, 'utf8'));
	const module = new Luci().require('mpbridge.pairing');
	const sections = module[build](end, asked);

	return { file: module.file(sections), commands: module.commands(sections) };
}

Promise.resolve({ fields, calls, pairing }[process.argv[2]]()).then(result => console.log(JSON.stringify(result)));
