// SPDX-License-Identifier: GPL-3.0-or-later
// The parts that mpbridge's pages are made of.
//
// LuCI's E() takes a text for HTML when it stands alone, and as a text when it stands in a list. So whatever
// is a child here stands in a list: names and addresses are then shown as they are.
'use strict';
'require baseclass';
'require mpbridge.words as words';

const WIDTH = 150;
const HEIGHT = 34;
const BADGES = { good: '#1f7a45', warning: '#8f5f00', bad: '#b3261e' };
const COLORS = { sending: '#2a78d6', receiving: '#1f9d55' };
const ALERTS = { good: 'success', warning: 'warning', bad: 'danger' };

// Long names and IPv6 addresses are broken rather than let a table grow beyond the page.
const ANYWHERE = 'overflow-wrap:anywhere';

function svg(tag, attributes, children) {
	const node = document.createElementNS('http://www.w3.org/2000/svg', tag);

	for (const name in attributes)
		node.setAttribute(name, attributes[name]);
	for (const child of children || [])
		node.appendChild((typeof(child) == 'string') ? document.createTextNode(child) : child);
	return node;
}

function line(samples, key, peak, nowMs) {
	return svg('polyline', {
		'fill': 'none',
		'stroke': COLORS[key],
		'stroke-width': '1.5',
		'points': words.points(samples, key, peak, nowMs, WIDTH, HEIGHT)
	});
}

// What a link sent and received in the last minutes; peak is the upper edge.
function graph(samples, peak, nowMs) {
	const text = _('The last %d minutes; the upper edge is %s').format(words.spanMs / 60000, words.rate(peak));

	return svg('svg', {
		'width': WIDTH,
		'height': HEIGHT,
		'viewBox': '0 0 %d %d'.format(WIDTH, HEIGHT),
		'role': 'img',
		'aria-label': text,
		'style': 'display:block;max-width:100%;border-bottom:1px solid currentColor'
	}, [
		svg('title', {}, [ text ]),
		line(samples, 'receiving', peak, nowMs),
		line(samples, 'sending', peak, nowMs)
	]);
}

// Themes agree on what an alert looks like, and not on labels.
function badge(level, text, help) {
	return E('span', {
		'title': help || null,
		'style': 'display:inline-block;padding:0 .5em;border-radius:3px;color:#fff;background:' + BADGES[level]
	}, [ text ]);
}

function alert(level, children) {
	return E('div', { 'class': 'alert-message ' + ALERTS[level] }, children);
}

function notes(list) {
	return list.map(note => alert(note.level, [ note.text ]));
}

function colored(key, text) {
	return E('span', { 'style': 'white-space:nowrap;color:' + COLORS[key] }, [ text ]);
}

function nowrap(text) {
	return E('span', { 'style': 'white-space:nowrap' }, [ text ]);
}

function small(...children) {
	return E('div', { 'style': 'font-size:90%;opacity:.8;' + ANYWHERE }, children);
}

// What a link is for: nothing, where that is the usual.
function role(path) {
	const text = words.role(path);

	return text ? [ small(text) ] : [];
}

// Two addresses: beside each other where there is room, else below each other.
function ends(local, remote) {
	const end = text => E('span', { 'style': 'display:inline-block' }, [ text ]);

	return remote ? [ end(local ?? '-'), ' ', end('→\u00a0' + remote) ] : [ end(local ?? '-') ];
}

// Each row has as many lists of children as there are titles.
function table(titles, rows, empty) {
	const head = E('tr', { 'class': 'tr table-titles' },
		titles.map(title => E('th', { 'class': 'th' }, [ title ])));
	const body = rows.map(cells => E('tr', { 'class': 'tr' },
		cells.map((children, i) => E('td', { 'class': 'td', 'data-title': titles[i], 'style': ANYWHERE }, children))));

	if (rows.length == 0)
		body.push(E('tr', { 'class': 'tr placeholder' }, [ E('td', { 'class': 'td' }, [ E('em', {}, [ empty ]) ]) ]));
	return E('table', { 'class': 'table' }, [ head, ...body ]);
}

// In place of daemons, where there is none.
function notRunning() {
	return alert('bad', [
		E('strong', {}, [ _('mpbridge does not run.') ]),
		' ',
		_('It is not enabled, waits for its interfaces, or its settings were refused: the system log says which.')
	]);
}

return baseclass.extend({ alert, badge, colored, ends, graph, notes, notRunning, nowrap, role, small, table });
