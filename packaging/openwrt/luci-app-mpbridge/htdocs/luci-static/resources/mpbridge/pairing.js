// SPDX-License-Identifier: GPL-3.0-or-later
// What the router at the other end has to be told: from this router's settings to its /etc/config/mpbridge,
// as a file and as commands. Nothing here touches the page, so that it can be tested without one.
//
// A configuration is a list of sections, each {type, name, options: [[name, value or list of values]]}.
'use strict';
'require baseclass';

const NO = [ '0', 'off', 'false', 'no', 'disabled' ];

function isYes(value) {
	return !NO.includes(value);
}

function words(text) {
	return String(text ?? '').split(/[\s,]+/).filter(word => word);
}

function values(value) {
	return Array.isArray(value) ? value : words(value);
}

function enabledOf(sections) {
	return sections.filter(section => isYes(section.enabled ?? '1'));
}

function first(sections) {
	return enabledOf(sections)[0] ?? sections[0] ?? null;
}

// Empty values are left out.
function section(type, name, options) {
	return { type, name, options: options.filter(([ , value ]) => value != null && value.length > 0) };
}

// What is the same at both ends. With method none there is no key to tell.
function common(end, secret) {
	const shown = value => (value && end.method != 'none') ? (secret ?? value) : null;

	return [
		[ 'port', end.port ],
		[ 'method', end.method ],
		[ 'key', shown(end.key) ],
		[ 'password', shown(end.password) ],
		[ 'transparent_source', isYes(end.transparent_source ?? '0') ? '1' : null ]
	];
}

function mainSection() {
	return section('mpbridge', 'main', [ [ 'enabled', '1' ] ]);
}

// Of the server at the other end of a client. asked: allow, zone, as texts; secret: shown in place of the key.
function serverOf(peer, asked, secret) {
	return [
		mainSection(),
		section('server', 'clients', [
			...common(peer, secret),
			[ 'allow', words(asked.allow) ],
			[ 'zone', words(asked.zone) ]
		])
	];
}

// Of a client of this server. asked: address, zone, as texts.
function clientOf(server, asked, secret) {
	return [
		mainSection(),
		section('peer', 'far', [ [ 'address', words(asked.address) ], ...common(server, secret) ]),
		section('intercept', 'hosts', [ [ 'zone', words(asked.zone) ] ])
	];
}

// What keeps these settings from working.
function missing(end, asked) {
	const lines = [];

	if (!end.method)
		lines.push(_('This router has no method yet: choose one in its settings.'));
	else if (end.method != 'none' && !end.key && !end.password)
		lines.push(_('This router has no key yet: make one in its settings.'));
	if (asked.address != null && words(asked.address).length == 0)
		lines.push(_('Name the addresses of this router.'));
	return lines;
}

// Both the shell and UCI's files end a quotation for a quote: 'it'\''s'.
function quote(text) {
	return '\'' + String(text).split('\'').join('\'\\\'\'') + '\'';
}

function file(sections) {
	return sections.map(({ type, name, options }) => [
		'config %s %s'.format(type, quote(name)),
		...options.flatMap(([ option, value ]) => Array.isArray(value)
			? value.map(item => '\tlist %s %s'.format(option, quote(item)))
			: [ '\toption %s %s'.format(option, quote(value)) ])
	].join('\n') + '\n').join('\n');
}

// A section of that name goes first, so that lists do not grow when the commands are given twice. The
// general one has no lists, and may have more in it than is said here.
function commandsOf({ type, name, options }) {
	return [
		...(type == 'mpbridge' ? [] : [ 'uci -q delete mpbridge.%s'.format(name) ]),
		'uci set mpbridge.%s=%s'.format(name, type),
		...options.flatMap(([ option, value ]) => Array.isArray(value)
			? value.map(item => 'uci add_list mpbridge.%s.%s=%s'.format(name, option, quote(item)))
			: [ 'uci set mpbridge.%s.%s=%s'.format(name, option, quote(value)) ])
	];
}

function commands(sections) {
	return [ ...sections.flatMap(commandsOf), 'uci commit mpbridge', 'service mpbridge reload' ].join('\n') + '\n';
}

function unique(list) {
	return [ ...new Set(list) ];
}

// Of the daemon with this role: the addresses that it has on its links.
function linkAddresses(daemons, role) {
	const daemon = daemons.find(daemon => daemon.role == role);
	const paths = (daemon?.paths ?? []).filter(path => role == 'client' || path.announced);

	return unique(paths.map(path => path.local).filter(local => local));
}

// The server's own addresses: as its settings say, or those by which clients come.
function serverAddresses(server, daemons) {
	const listed = values(server.listen_address).filter(address => address != '0.0.0.0' && address != '::');

	return listed.length ? listed : linkAddresses(daemons, 'server');
}

// Without a key the addresses alone say who may come.
function clientAddresses(peer, daemons) {
	return peer.method == 'none' ? linkAddresses(daemons, 'client') : [];
}

return baseclass.extend({ clientAddresses, clientOf, commands, file, first, missing, serverAddresses, serverOf });
