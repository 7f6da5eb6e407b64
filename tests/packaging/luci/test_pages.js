// SPDX-License-Identifier: GPL-3.0-or-later
// The pages that only show something, from recorded answers.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { Luci } = require('./runtime.js');
const { changed, inTurn, recorded } = require('./recorded.js');

const STATUS = 'view.mpbridge.status';
const CONNECTIONS = 'view.mpbridge.connections';
const WIDGET = 'view.status.include.31_mpbridge';
const EVIL = '<img src=x onerror=alert(1)>';

function statusOf(...names) {
	return { answer: inTurn(...names.map(recorded)) };
}

function alerts(shown) {
	return shown.all(element => (element.attributes['class'] ?? '').startsWith('alert-message')).map(alert => alert.textContent);
}

test('status: links with state, reason, round trip, loss and rates', async () => {
	const luci = new Luci(statusOf('client-before', 'client-now'));

	await luci.show(STATUS);
	const shown = await luci.tick();
	const rows = shown.rows();
	assert.ok(shown.textContent.includes('Client on port 1080'));
	assert.ok(shown.textContent.includes('Open connections: 3.'));
	assert.ok(/Sent to the other router: 175 MB \(1\d\d Mbit\/s\)/.test(shown.textContent), shown.textContent);
	assert.strictEqual(rows.length, 3);
	assert.ok(rows[0][0].startsWith('wan110.10.1.1 →\u00a010.10.1.2'));
	assert.ok(/^up \d+ sthe server answers$/.test(rows[0][1]), rows[0][1]);
	assert.strictEqual(rows[0][2], '17.5 ms');
	assert.strictEqual(rows[0][3], '0 %');
	assert.ok(/^9\d\.\d Mbit\/s$/.test(rows[0][4]), rows[0][4]);
	assert.ok(/^absent 6 sthe link is down$/.test(rows[2][1]), rows[2][1]);
	assert.strictEqual(rows[2][2], '-');
	assert.deepStrictEqual(alerts(shown), []);
});

test('status: a graph for each link, with a text for who does not see it', async () => {
	const luci = new Luci(statusOf('client-before', 'client-now'));

	await luci.show(STATUS);
	const graphs = (await luci.tick()).all('svg');
	assert.strictEqual(graphs.length, 3);
	for (const graph of graphs) {
		assert.strictEqual(graph.namespace, 'http://www.w3.org/2000/svg');
		assert.ok(graph.attributes['aria-label'].includes('Mbit/s'));
		assert.strictEqual(graph.all('polyline').length, 2);
	}
	const [ receiving, sending ] = graphs[0].all('polyline').map(line => line.attributes['points']);
	assert.strictEqual(sending, '150.0,0.5');
	assert.strictEqual(receiving, '150.0,33.5');
});

test('status: a server', async () => {
	const luci = new Luci(statusOf('server-before', 'server-now'));

	await luci.show(STATUS);
	const shown = await luci.tick();
	assert.ok(shown.textContent.includes('Server on port 8388'));
	assert.ok(shown.rows()[0][1].endsWith('announced to clients'));
	assert.ok(shown.rows()[2][1].endsWith('a client does not reach it any more'));
	assert.strictEqual(shown.rows()[0][0], 'wan110.10.1.2');
});

test('status: client and server on one router', async () => {
	const both = { daemons: [ ...recorded('client-now').daemons, ...recorded('server-now').daemons ] };
	const shown = await new Luci({ answer: () => both }).show(STATUS);

	assert.strictEqual(shown.all('h3').length, 2);
	assert.strictEqual(shown.rows().length, 6);
});

test('status: IPv6, and a round trip of greetings where nothing runs', async () => {
	const shown = await new Luci(statusOf('client-ipv6')).show(STATUS);

	assert.ok(shown.rows()[0][0].includes('fd00:10:1::1 →\u00a0fd00:10:1::2'));
	assert.ok(/^0\.\d\d ms$/.test(shown.rows()[0][2]), shown.rows()[0][2]);
	assert.strictEqual(shown.rows()[0][4], '-');
	for (const cell of shown.all('td'))
		assert.ok(cell.attributes['style'].includes('overflow-wrap:anywhere'));
});

test('status: no daemon', async () => {
	const shown = await new Luci(statusOf('none')).show(STATUS);

	assert.strictEqual(alerts(shown).length, 1);
	assert.ok(alerts(shown)[0].startsWith('mpbridge does not run.'));
});

test('status: the daemon comes, and goes', async () => {
	const luci = new Luci(statusOf('none', 'client-now', 'none'));

	await luci.show(STATUS);
	assert.strictEqual((await luci.tick()).rows().length, 3);
	assert.strictEqual(alerts(await luci.tick()).length, 1);
});

test('status: a kernel without MPTCP', async () => {
	const shown = await new Luci(statusOf('client-without-mptcp')).show(STATUS);

	assert.ok(alerts(shown)[0].startsWith('This kernel has no MPTCP'));
});

test('status: no link, and none that works', async () => {
	const none = changed('client-now', daemon => { daemon.paths = []; });
	const down = changed('client-now', daemon => daemon.paths.forEach(path => { path.state = 'down'; }));

	assert.ok(alerts(await new Luci({ answer: () => none }).show(STATUS))[0].startsWith('No link is known'));
	assert.ok(alerts(await new Luci({ answer: () => down }).show(STATUS))[0].startsWith('No link works'));
});

test('status: several far routers', async () => {
	const answer = changed('client-now', daemon => {
		daemon.routers = 2;
		daemon.paths[1] = Object.assign(daemon.paths[1], { router: 2, active: false });
	});
	const shown = await new Luci({ answer: () => answer }).show(STATUS);

	assert.ok(shown.rows()[0][0].endsWith('far router 1, in use'));
	assert.ok(shown.rows()[1][0].endsWith('far router 2'));
});

// The second link is secondary, and left to others just now.
function secondary(daemon) {
	Object.assign(daemon.paths[1], {
		role: 'secondary', state: 'guarded', cause: 'yields', reason: 'others use the link',
		secondary: { scavenger: true, far_scavenger: true, yielding: true, yields: 2, yielded_ms: 5000, capacity: 7500000, others: 5000000, queue_us: 0 }
	});
}

test('status, overview: a link that is secondary', async () => {
	const told = 'others use the linksecondary, others use about 40.0 Mbit/s, left to them 2 times, for 5 s in all';
	const answer = changed('client-now', secondary);

	for (const name of [ STATUS, WIDGET ]) {
		const shown = await new Luci({ answer: () => answer }).show(name);
		assert.ok(shown.rows()[1][1].startsWith('guarded '));
		assert.ok(shown.rows()[1][1].endsWith(told), shown.rows()[1][1]);
		assert.ok(shown.rows()[0][1].endsWith('the server answers'));
	}
});

test('connections: a link that is secondary', async () => {
	const shown = await new Luci({ answer: () => changed('client-now', secondary) }).show(CONNECTIONS);

	assert.deepStrictEqual(shown.rows().slice(0, 2).map(row => row[1]), [ 'wan1', 'wan2secondary' ]);
});

test('status: an answer without figures of subflows, or with keys that are missing', async () => {
	const answer = changed('client-now', daemon => {
		daemon.subflow_figures = 'none: this kernel has no inet_diag';
		daemon.paths = [ { interface: 'wan1', state: 'up' } ];
	});
	const shown = await new Luci({ answer: () => answer }).show(STATUS);

	assert.ok(alerts(shown)[0].includes('no inet_diag'));
	assert.deepStrictEqual(shown.rows()[0].slice(2, 6), [ '-', '-', '-', '-' ]);
});

test('status: names stay texts', async () => {
	const answer = changed('client-now', daemon => {
		daemon.version = EVIL;
		Object.assign(daemon.paths[0], { interface: EVIL, local: EVIL, server: EVIL, state: EVIL, reason: EVIL });
	});

	for (const name of [ STATUS, WIDGET ]) {
		const shown = await new Luci({ answer: () => answer }).show(name);
		assert.ok(shown.rows()[0][0].startsWith(EVIL));
		assert.ok(shown.rows()[0][1].includes(EVIL));
		assert.strictEqual(shown.all('img').length, 0);
	}
});

function doctor(result) {
	const luci = new Luci({ ...statusOf('client-now'), execute: () => result });

	return luci.show(STATUS).then(shown => shown.all('button')[0].fire('click')).then(() => luci);
}

test('doctor: its findings', async () => {
	const findings = [
		{ id: 'path-tcp', severity: 'error', what: 'path ' + EVIL, remedy: 'let it in', command: 'nc -zv 10.10.2.2 8388' },
		{ id: 'x', severity: 'note', what: 'all else is well' }
	];
	const luci = await doctor({ code: 2, stdout: JSON.stringify(findings), stderr: '' });

	assert.deepStrictEqual(luci.executed, [ [ '/usr/sbin/mpbridge', 'doctor', '--json' ] ]);
	for (const part of [ 'Error path ' + EVIL, 'What helps: let it in', 'nc -zv', 'Note all else is well' ])
		assert.ok(luci.modal.textContent.includes(part), part);
});

test('doctor: nothing found, and a failure', async () => {
	assert.ok((await doctor({ code: 0, stdout: '[]' })).modal.textContent.includes('Nothing was found.'));
	assert.ok((await doctor({ code: 3, stdout: '', stderr: 'cannot look' })).modal.textContent.includes('cannot look'));
	assert.ok((await doctor({ code: 3 })).modal.textContent.includes('said nothing'));
});

test('doctor: not for who may only look', async () => {
	const shown = await new Luci({ ...statusOf('client-now'), isReader: true }).show(STATUS);

	assert.strictEqual(shown.all('button').length, 0);
	assert.strictEqual(shown.rows().length, 3);
});

test('connections: a row for each subflow', async () => {
	const luci = new Luci(statusOf('client-now'));
	const shown = await luci.show(CONNECTIONS);
	const rows = shown.rows();

	assert.deepStrictEqual(luci.calls, [ [ 'mpbridge', 'status', { flows: true } ] ]);
	assert.strictEqual(rows.length, 6);
	assert.deepStrictEqual(rows[0], [ '8e4014f1', 'wan1', '10.10.1.1:41900 →\u00a010.10.1.2:8388', 'open', '17.5 ms', '0 %', '53.0 MB', '0 B' ]);
	assert.strictEqual(rows[1][0], '');
	assert.strictEqual((await luci.tick()).rows().length, 6);
});

test('connections: plain TCP, backups, those in a handshake, those left out, and names that stay texts', async () => {
	const answer = changed('client-now', daemon => {
		Object.assign(daemon.connections[0], { mptcp: false, token: null });
		Object.assign(daemon.connections[1].subflows[0], { backup: true, path: EVIL });
		Object.assign(daemon.connections[1].subflows[1], { state: 'joining' });
		daemon.connections_left_out = 7;
	});
	const shown = await new Luci({ answer: () => answer }).show(CONNECTIONS);
	const rows = shown.rows();

	assert.strictEqual(rows[0][0], 'plain TCP');
	assert.deepStrictEqual(rows[2].slice(1, 2), [ EVIL ]);
	assert.deepStrictEqual([ rows[2][3], rows[3][3] ], [ 'backup', 'joining' ]);
	assert.ok(shown.textContent.includes('more connections than are shown here: 7'));
});

test('connections: none, and no daemon', async () => {
	assert.ok((await new Luci(statusOf('client-ipv6')).show(CONNECTIONS)).textContent.includes('There are no connections.'));
	assert.ok(alerts(await new Luci(statusOf('none')).show(CONNECTIONS))[0].startsWith('mpbridge does not run.'));
});

test('overview: a line for each link, with rates from the second look on', async () => {
	const luci = new Luci(statusOf('client-before', 'client-now'));

	await luci.show(WIDGET);
	const shown = await luci.show(WIDGET);
	assert.ok(shown.textContent.includes('Client on port 1080 2 of 3 links work Open connections: 3.'));
	assert.ok(/^9\d\.\d Mbit\/s$/.test(shown.rows()[0][2]), shown.rows()[0][2]);
	assert.strictEqual(shown.rows()[2][1], 'absent the link is down');
	assert.strictEqual(luci.page.title, 'Multipath bridge');
});

test('overview: no daemon, no plugin, no right, no MPTCP', async () => {
	const refuse = () => { throw new Error('access denied'); };

	for (const options of [ statusOf('none'), {}, { answer: refuse } ])
		assert.ok((await new Luci(options).show(WIDGET)).textContent.startsWith('mpbridge does not run.'));
	assert.ok((await new Luci(statusOf('client-without-mptcp')).show(WIDGET)).textContent.includes('this kernel has no MPTCP'));
});
