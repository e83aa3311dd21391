// SPDX-License-Identifier: MIT
// Everything that only shows: the ribbon, the numbers, the picture, health.

import { $, age, amount, clock, direction, fillList, left, setText, signed, value, watts } from "./format.js";

const STALE_MS = 3000;

const STATES = {
	transparent: ["i-transparent", "Transparent"],
	offset: ["i-offset", "Offset active"],
	silent: ["i-silent", "Silent"],
	starting: ["i-starting", "Starting"],
	lost: ["i-lost", "No contact"],
};
const ICONS = { import: "#i-in", export: "#i-out", even: "#i-even" };
const WORDS = { import: "import", export: "export", even: "in balance" };

export function stateOf(shown, lost) {
	if (lost) return "lost";
	if (shown.state !== "active") return shown.state;
	return shown.lease || Math.round(shown.offset?.v ?? 0) !== 0 ? "offset" : "transparent";
}

function flowSentence(w) {
	const way = direction(w);
	if (way === "even") return "Neither importing nor exporting.";
	return `${way === "import" ? "Importing" : "Exporting"} ${amount(w)} W.`;
}

// Without the age of things that stand still, so it changes once a second.
export function sentence(shown, elapsed, wallMs) {
	if (shown.state === "starting")
		return "Waiting for the meter's first complete sample. The inverter gets no answers yet.";
	if (shown.state === "silent") {
		const last = shown.true ? ` Last good sample ${age(shown.true.age_ms + elapsed)} ago.` : "";
		return `The inverter gets no answers, as from a meter that is gone: ${shown.sentence}.${last}`;
	}
	const told = `The inverter is told ${watts(shown.shown.v)} W.`;
	const grid = flowSentence(shown.true.v);
	if (shown.lease) {
		const remaining = shown.lease.remaining_s - elapsed / 1000;
		const until = clock(wallMs + shown.lease.remaining_s * 1000);
		const way = Math.round(shown.offset.v) === Math.round(shown.lease.value_w) ? "" : `, now at ${signed(shown.offset.v)} W`;
		return `${grid} Offset ${signed(shown.lease.value_w)} W until ${until} (${shown.lease.owner}), ${left(remaining)} left${way}. ${told}`;
	}
	if (Math.round(shown.offset.v) !== 0)
		return `${grid} The offset is going back to zero, now at ${signed(shown.offset.v)} W. ${told}`;
	return `${grid} The inverter is told the same.`;
}

function number(id, item, elapsed, way, word) {
	const card = $(id);
	const old = item ? item.age_ms + elapsed : null;
	setText(card.querySelector(".v"), item ? (id === "n-offset" ? signed(item.v) : watts(item.v)) : "–");
	setText(card.querySelector(".w"), item ? word : "no value yet");
	card.querySelector("use").setAttribute("href", ICONS[way]);
	card.classList.toggle("import", way === "import" && id !== "n-offset");
	card.classList.toggle("export", way === "export" && id !== "n-offset");
	card.classList.toggle("stale", old === null || old > STALE_MS);
	setText(card.querySelector(".age"), old === null ? " " : `${age(old)} old`);
}

// What the inverter is not told is no number.
function nothing(id, word) {
	const card = $(id);
	card.classList.remove("import", "export", "on");
	card.classList.add("stale");
	setText(card.querySelector(".v"), "–");
	setText(card.querySelector(".w"), word);
	setText(card.querySelector(".age"), " ");
	card.querySelector("use").setAttribute("href", ICONS.even);
}

export function showNumbers(shown, elapsed) {
	const grid = direction(shown.true?.v ?? 0);
	const told = direction(shown.shown?.v ?? 0);
	const offset = Math.round(shown.offset?.v ?? 0);
	const silent = shown.state !== "active";
	number("n-true", shown.true, elapsed, grid, WORDS[grid]);
	if (silent) {
		nothing("n-shown", "gets no answer");
		nothing("n-offset", "nothing is added");
		return;
	}
	number("n-shown", shown.shown, elapsed, told, WORDS[told]);
	number("n-offset", shown.offset, elapsed, offset > 0 ? "export" : offset < 0 ? "import" : "even",
		offset > 0 ? "export more" : offset < 0 ? "export less" : "nothing added");
	$("n-offset").classList.toggle("on", offset !== 0);
}

function setWay(node, way) {
	node.classList.toggle("import", way === "import");
	node.classList.toggle("export", way === "export");
}

export function showPicture(shown) {
	const text = (item, sign) => (item ? `${sign ? signed(item.v) : watts(item.v)} W` : "–");
	const way = direction(shown.true?.v ?? 0);
	const offset = Math.round(shown.offset?.v ?? 0);
	const silent = shown.state !== "active";
	setText($("p-true"), text(shown.true, false));
	setText($("p-shown"), silent ? "nothing" : text(shown.shown, false));
	setText($("p-offset"), silent ? "silent" : text(shown.offset, true));
	setWay($("p-grid"), way);
	setWay($("p-arrow"), way);
	$("p-arrow").setAttribute("d", way === "export" ? "M122 34l-18 12 18 12z" : "M102 34l18 12-18 12z");
	document.querySelector(".shim").classList.toggle("on", offset !== 0 && !silent);
	setText($("picture-text"),
		`The meter measures ${text(shown.true)}, gridshim adds ${text(shown.offset, true)}, the inverter is told ${silent ? "nothing" : text(shown.shown)}.`);
}

export function showRibbon(state, text) {
	const [icon, word] = STATES[state];
	const ribbon = $("ribbon");
	ribbon.className = `ribbon ${state}`;
	$("ribbon-icon").setAttribute("href", `#${icon}`);
	setText($("ribbon-word"), word);
	setText($("sentence"), text);
}

function health(node, level, text) {
	node.className = `health ${level}`;
	setText(node, text);
}

function percent(part, all) {
	return all > 0 ? `${(100 * part / all).toFixed(part === all ? 0 : 1)} %` : "–";
}

function ageOf(side, elapsed) {
	return side.last_age_ms === null ? null : side.last_age_ms + elapsed;
}

export function showHealth(shown, elapsed, questionsPerS) {
	const meter = shown.meter;
	const inverter = shown.inverter;
	const sample = shown.true ? shown.true.age_ms + elapsed : null;
	const asked = ageOf(inverter, elapsed);
	const max = shown.limits.max_age_ms;

	setText($("m-name"), meter.name);
	setText($("v-name"), `on line ${inverter.name}`);
	if (!meter.up) health($("m-health"), "alarm", "Its line cannot be opened");
	else if (sample === null || sample > max) health($("m-health"), "alarm", "Does not answer");
	else health($("m-health"), "", "Answers");
	if (!inverter.up) health($("v-health"), "alarm", "Its line cannot be opened");
	else if (asked === null || asked > 10000) health($("v-health"), "warn", "Asks nothing");
	else if (shown.state !== "active") health($("v-health"), "alarm", "Asks, and gets no answer");
	else health($("v-health"), "", "Asks and gets answers");

	fillList($("m-list"), [
		["Last good sample", sample === null ? "never" : `${age(sample)} ago`],
		["Too old after", age(max)],
		["Polls", watts(meter.requests)],
		["Answered", percent(meter.ok, meter.requests)],
		["Timeouts", watts(meter.timeouts)],
		["Refused", watts(meter.exceptions)],
		["Broken frames", watts(meter.broken)],
	]);
	fillList($("v-list"), [
		["Last question", asked === null ? "never" : `${age(asked)} ago`],
		["Questions", questionsPerS === null ? "–" : `${questionsPerS.toFixed(1)} a second`],
		["Questions in all", watts(inverter.requests)],
		["Answered", percent(inverter.ok, inverter.requests)],
		["Kept silent", watts(inverter.timeouts)],
		["Refused", watts(inverter.exceptions)],
		["Broken frames", watts(inverter.broken)],
	]);
}

const NAMES = { current: "Current", voltage: "Voltage", frequency: "Frequency", power_factor: "Power factor",
	energy_import: "Energy imported", energy_export: "Energy exported", reactive_power: "Reactive power",
	apparent_power: "Apparent power", active_power: "Active power" };

// The phases of a quantity share a row: "92 · 74 · 57 VA".
function phaseRow(base, phases) {
	const texts = phases.map((item) => value(item.v, ""));
	const unit = phases[0].unit;
	return [`${base} L1 to L${phases.length}`, `${texts.join(" · ")}${unit ? ` ${unit}` : ""}`];
}

export function showQuantities(shown) {
	const all = shown.quantities;
	const rows = [];
	for (const [quantity, item] of Object.entries(all)) {
		const [, base, phase] = quantity.match(/^(.*?)(?:_l([123]))?$/);
		const name = NAMES[base] ?? base.replaceAll("_", " ");
		if (phase === "1")
			rows.push(phaseRow(name, [1, 2, 3].map((n) => all[`${base}_l${n}`]).filter(Boolean)));
		else if (!phase && base !== "active_power")
			rows.push([name, value(item.v, item.unit)]);
	}
	fillList($("q-list"), rows.length ? rows : [["Nothing else", "–"]]);
}

// The bar at the bottom: what is in force, and how long.
let longest = 0;

export function showBar(shown, elapsed, offsetGone) {
	const lease = shown.lease;
	const remaining = lease ? lease.remaining_s - elapsed / 1000 : 0;
	const on = lease !== null && remaining > 0;
	if (!on) longest = 0;
	longest = Math.max(longest, remaining);
	$("bar").classList.toggle("on", on);
	setText($("bar-value"), on ? `Offset ${signed(lease.value_w)} W` : offsetGone ? "No offset" : "Offset ending");
	setText($("bar-left"), on ? `${left(remaining)} left · set by ${lease.owner}` : offsetGone ? "The inverter sees true values" : `now at ${signed(shown.offset.v)} W`);
	$("progress").style.transform = `scaleX(${on && longest > 0 ? Math.min(1, remaining / longest) : 0})`;
}
