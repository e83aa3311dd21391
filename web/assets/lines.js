// SPDX-License-Identifier: MIT
// The lines and what is asked on them. Slow matters, so asked for by
// themselves, and only while somebody looks.

import { $, age, fillList, setText, watts } from "./format.js";

const EVERY_MS = 5000;
const QUIET_MS = 5000; // the proxy speaks of each line every second

const ANSWERS = { ok: "answered", silent: "none", carried: "passed through", foreign: "another unit's" };

const before = new Map(); // line: [time, requests], for their rate
const rates = new Map();
let cards = [];
let seen = false;
let askedAt = -EVERY_MS;
let call = null;

function time(ms) {
	return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : age(ms);
}

function noteRate(line, now) {
	const requests = line.events.requests;
	const last = before.get(line.name);
	before.set(line.name, [now, requests]);
	// Fewer than before: the proxy has started anew.
	if (!last || requests < last[1] || now - last[0] < 1000) rates.delete(line.name);
	else rates.set(line.name, 1000 * (requests - last[1]) / (now - last[0]));
}

function health(node, line) {
	const quiet = line.heard_age_ms === null || line.heard_age_ms > QUIET_MS;
	node.className = `health ${quiet ? "warn" : line.up ? "" : "alarm"}`;
	setText(node, quiet ? "No news of it" : line.up ? "Up" : "Down: it cannot be opened");
}

function replyRows(line) {
	const asks = line.role === "asks";
	const times = line.replies[asks ? "device" : "ours"];
	const who = asks ? "Replies" : "Our replies";
	return [
		[`${who} on average`, times ? `after ${time(times.mean_ms)}` : "–"],
		[`${who}, half · 99 % within`, times ? `${time(times.p50_ms)} · ${time(times.p99_ms)}` : "–"],
	];
}

function rows(line) {
	const events = line.events;
	const rate = rates.get(line.name);
	const mine = line.role === "asks"
		? [["Timeouts", watts(events.timeouts)], ["Late or foreign replies", watts(events.mismatches)]]
		: [["Not answered", watts(events.silent + events.late + events.superseded)], ["For other units", watts(events.foreign)]];
	return [
		["Requests", rate === undefined ? watts(events.requests) : `${rate.toFixed(1)} a second`],
		...mine,
		["Refused", watts(events.exceptions)],
		["CRC errors", watts(events.crc_errors)],
		...replyRows(line),
		["Opened again", watts(events.reopened)],
	];
}

function makeCard() {
	const card = document.createElement("section");
	card.className = "card";
	card.append(...["h2", "p", "dl"].map((kind) => document.createElement(kind)));
	card.firstChild.append(document.createElement("span"), document.createElement("span"));
	card.firstChild.lastChild.className = "sub";
	return card;
}

function showCard(card, line) {
	const [heading, state, list] = card.children;
	setText(heading.firstChild, `${line.name} `);
	setText(heading.lastChild, line.role === "asks" ? "where we ask" : "where we answer");
	health(state, line);
	fillList(list, rows(line));
}

function showCards(lines) {
	if (cards.length !== lines.length) {
		cards = lines.map(makeCard);
		$("line-cards").replaceChildren(...cards);
	}
	lines.forEach((line, i) => showCard(cards[i], line));
}

function cells(line, one) {
	return [
		`${line.name}, ${one.unit}`,
		String(one.function),
		`${one.address} (0x${one.address.toString(16).padStart(4, "0")})`,
		String(one.count),
		one.interval_ms === null ? "once" : one.interval_ms < 10000 ? `${Math.round(one.interval_ms)} ms` : age(one.interval_ms),
		watts(one.times),
		one.answer === "exception" ? `exception ${one.exception}` : ANSWERS[one.answer] ?? one.answer,
	];
}

function makeRow(texts) {
	const row = document.createElement("tr");
	row.append(...texts.map((text) => {
		const cell = document.createElement("td");
		cell.textContent = text;
		return cell;
	}));
	return row;
}

function inOrder(a, b) {
	return a.unit - b.unit || a.function - b.function || a.address - b.address || a.count - b.count;
}

function showAsked(lines) {
	const all = lines.flatMap((line) => line.asked.sort(inOrder).map((one) => makeRow(cells(line, one))));
	const gone = lines.reduce((sum, line) => sum + line.asked_replaced, 0);
	$("asked").tBodies[0].replaceChildren(...all);
	$("asked").hidden = all.length === 0;
	setText($("asked-help"), all.length === 0 ? "Nothing has been asked yet."
		: gone > 0 ? `The questions seen last; ${watts(gone)} older ones made room.` : "");
}

async function refresh() {
	const now = performance.now();
	if (!seen || document.hidden || now - askedAt < EVERY_MS - 100) return;
	askedAt = now;
	try {
		const answer = await call("GET", "/lines");
		if (!answer.ok) return;
		for (const line of answer.json.lines) noteRate(line, now);
		showCards(answer.json.lines);
		showAsked(answer.json.lines);
	} catch {
		// the banner says it; the next round may have more luck
	}
}

export function startLines(given) {
	call = given;
	new IntersectionObserver((entries) => {
		seen = entries[entries.length - 1].isIntersecting;
		refresh();
	}).observe($("lines"));
	document.addEventListener("visibilitychange", refresh);
	setInterval(refresh, EVERY_MS);
}
