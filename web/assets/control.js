// SPDX-License-Identifier: MIT
// The form that sets an offset, and Stop. Input is never changed behind the
// user's back: only the user and the first state move it.

import { $, amount, clock, left, setText, signed, watts } from "./format.js";

let limits = null;
let shownName = null;
let call = null;
let busy = false;
let reachable = false;

function wanted() {
	const chip = document.querySelector("input[name=for]:checked").value;
	const number = (node) => (node.value.trim() === "" ? NaN : Number(node.value));
	return {
		value: number($("value")),
		seconds: chip === "custom" ? number($("custom")) : Number(chip),
		ramp: $("ramp").value.trim() === "" ? 0 : Number($("ramp").value),
	};
}

// [what is wrong, the field] or null
function problem(order) {
	if (!Number.isFinite(order.value)) return ["Say how many watts.", "value"];
	if (Math.abs(order.value) > limits.limit_w)
		return [`The limit is ±${watts(limits.limit_w)} W.`, "value"];
	if (!Number.isInteger(order.seconds) || order.seconds < 1 || order.seconds > 86400)
		return ["The time is 1 to 86,400 whole seconds.", "custom"];
	if (!(order.ramp >= 0)) return ["The ramp is 0 or more W/s.", "ramp"];
	return null;
}

function previewText(order) {
	const settle = -order.value;
	const grid = Math.round(settle) === 0
		? "The grid will settle near 0 W."
		: `The grid will settle near ${watts(settle)} W: ${settle < 0 ? "export" : "import"} ${amount(settle)} W.`;
	const rate = order.ramp > 0 ? Math.min(order.ramp, limits.slew_w_per_s) : limits.slew_w_per_s;
	const reach = Math.abs(order.value) / rate;
	const way = reach >= 2 ? ` Reached in about ${left(reach)}.` : "";
	return `${grid} Until ${clock(Date.now() + order.seconds * 1000)}, if the inverter can follow.${way}`;
}

function drawTrack() {
	const at = 50 + 50 * Math.max(-1, Math.min(1, (Number($("value").value) || 0) / limits.limit_w));
	$("slider").style.setProperty("--from", `${Math.min(50, at)}%`);
	$("slider").style.setProperty("--to", `${Math.max(50, at)}%`);
}

function refresh() {
	if (!limits) return;
	const order = wanted();
	const wrong = problem(order);
	for (const id of ["value", "custom", "ramp"]) {
		const bad = wrong !== null && wrong[1] === id;
		$(id).setAttribute("aria-invalid", String(bad));
		$(id).closest(".row, .value-row").classList.toggle("bad", bad);
	}
	setText($("preview"), wrong ? wrong[0] : previewText(order));
	$("apply").disabled = wrong !== null || busy;
	$("custom-row").hidden = document.querySelector("input[name=for]:checked").value !== "custom";
	$("slider").setAttribute("aria-valuetext", `${signed(order.value || 0)} watts`);
	drawTrack();
}

function say(kind, text) {
	$("result").className = `result ${kind}`;
	setText($("result"), text);
}

async function order(method, path, body, done) {
	if (busy) return;
	busy = true;
	refresh();
	try {
		const answer = await call(method, path, body);
		if (answer.ok) say("good", done);
		else say("bad", `Refused: ${answer.json?.detail ?? answer.status}`);
	} catch {
		say("bad", "No answer from the box. It is not known whether it was done.");
	}
	busy = false;
	refresh();
}

function apply(event) {
	event.preventDefault();
	const now = wanted();
	if (!limits || !reachable || problem(now)) return;
	order("PUT", "/offset", { shown: shownName, value_w: now.value, duration_s: now.seconds,
		ramp_w_per_s: now.ramp, owner: "page" }, `Offset ${signed(now.value)} W set for ${left(now.seconds)}.`);
}

function stop() {
	order("DELETE", `/offset?owner=page&shown=${encodeURIComponent(shownName)}`, undefined,
		"Offset stopped, going back to zero.");
}

// lease: what is in force, to start from; or null.
export function setLimits(name, fresh, lease) {
	if (limits && shownName === name && limits.limit_w === fresh.limit_w) return;
	const step = fresh.limit_w > 1000 ? 10 : 1;
	shownName = name;
	limits = fresh;
	for (const id of ["slider", "value"]) {
		$(id).min = -limits.limit_w;
		$(id).max = limits.limit_w;
	}
	$("slider").step = step;
	if (lease) $("value").value = lease.value_w;
	$("slider").value = $("value").value;
	setText($("low"), `−${watts(limits.limit_w)} W`);
	setText($("high"), `+${watts(limits.limit_w)} W`);
	setText($("ramp-help"), `0: as fast as allowed, ${watts(limits.slew_w_per_s)} W/s`);
	refresh();
}

export function setReachable(yes) {
	reachable = yes;
	$("fields").disabled = !yes;
	$("stop").disabled = !yes;
}

export function startControl(caller) {
	call = caller;
	$("slider").addEventListener("input", () => { $("value").value = $("slider").value; refresh(); });
	$("value").addEventListener("input", () => { $("slider").value = Number($("value").value) || 0; refresh(); });
	$("flip").addEventListener("click", () => {
		$("value").value = String(-(Number($("value").value) || 0));
		$("slider").value = $("value").value;
		refresh();
	});
	for (const node of document.querySelectorAll("input[name=for], #custom, #ramp"))
		node.addEventListener("input", refresh);
	$("control").addEventListener("submit", apply);
	$("stop").addEventListener("click", stop);
	setInterval(refresh, 1000);
	setReachable(false);
}
