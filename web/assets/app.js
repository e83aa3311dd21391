// SPDX-License-Identifier: MIT
// Starts the page and keeps it fed: the live stream, doubt when it falls
// quiet, the way back to it, and the login.

import { $, age, clock, setText } from "./format.js";
import { sentence, showBar, showHealth, showNumbers, showPicture, showQuantities, showRibbon, stateOf } from "./view.js";
import { startLines } from "./lines.js";
import { setLimits, setReachable, startControl } from "./control.js";

const DOUBT_MS = 3000;
const LOST_MS = 10000;
const LOG_MS = 15000;
const API = "/api/v1";

let state = null;        // the newest, as the box sent it
let receivedAt = 0;      // performance.now() then
let receivedWall = Date.now();
let source = null;       // EventSource
let retryMs = 1000;
let retryTimer = 0;
let askedAt = 0;
let asked = [];          // [time, questions], for their rate
let chart = null;
let loginWanted = false;

async function call(method, path, body) {
	const headers = { Accept: "application/json" };
	if (method !== "GET") headers["X-Gridshim"] = "1";
	if (body !== undefined) headers["Content-Type"] = "application/json";
	const response = await fetch(API + path, { method, headers, cache: "no-store",
		body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(8000) });
	const text = await response.text();
	if (response.status === 401 && path !== "/session") askLogin();
	return { ok: response.ok, status: response.status, json: text ? JSON.parse(text) : null,
		wait: Number(response.headers.get("Retry-After")) };
}

function current() {
	return state.shown.find((one) => one.name === $("which").value) ?? state.shown[0];
}

function fillChoice() {
	const names = state.shown.map((one) => one.name);
	if ($("which").options.length === names.length) return;
	$("which").replaceChildren(...names.map((name) => new Option(name, name)));
	$("which-label").hidden = names.length < 2;
}

function countQuestions(shown) {
	const now = performance.now();
	const last = asked[asked.length - 1];
	if (last && shown.inverter.requests < last[1]) asked = [];
	asked.push([now, shown.inverter.requests]);
	while (asked.length > 2 && now - asked[0][0] > 10000) asked.shift();
}

function questionsPerS() {
	if (asked.length < 2) return null;
	const [first, last] = [asked[0], asked[asked.length - 1]];
	return last[0] - first[0] < 1500 ? null : 1000 * (last[1] - first[1]) / (last[0] - first[0]);
}

function take(fresh) {
	// Another version of the page is in the box now.
	if (state && state.build !== fresh.build) location.reload();
	state = fresh;
	receivedAt = performance.now();
	receivedWall = Date.now();
	document.body.classList.remove("waiting");
	fillChoice();
	const shown = current();
	if (!shown) return;
	setText($("site"), state.site ?? "");
	setText($("version"), `gridshim ${state.version}`);
	$("logout").hidden = !state.login;
	setLimits(shown.name, shown.limits, shown.lease);
	countQuestions(shown);
	showQuantities(shown);
	showPicture(shown);
	chart?.add(shown, state.wall_ms);
	tick();
	if (!chart) startChart();
}

// Shown apart from the first view: it brings its own library.
async function startChart() {
	chart = { add() {}, tick() {} };
	try {
		const module = await import("./chart.js");
		chart = await module.startChart(call, current(), state);
	} catch {
		setText($("chart"), "The chart could not be loaded.");
	}
	showLog();
}

function bannerText(shown) {
	const since = clock(receivedWall);
	if (!shown?.lease) return `No contact with the box since ${since}.`;
	const until = clock(receivedWall + shown.lease.remaining_s * 1000);
	return `No contact with the box since ${since}. The offset may be in force until ${until}.`;
}

function tick() {
	const elapsed = performance.now() - receivedAt;
	const lost = elapsed > LOST_MS;
	const shown = state ? current() : null;
	document.body.classList.toggle("doubt", elapsed > DOUBT_MS && !lost);
	document.body.classList.toggle("lost", lost);
	setReachable(shown !== null && !lost && !loginWanted);
	$("banner").hidden = !lost || loginWanted;
	if (lost) setText($("banner"), bannerText(shown));
	if (!shown) {
		setText($("live"), loginWanted ? "not logged in" : lost ? "no contact" : "connecting");
		return;
	}
	setText($("live"), lost ? "no contact" : elapsed > DOUBT_MS ? `no news for ${age(elapsed)}` : "live");
	showRibbon(stateOf(shown, lost), lost ? "What stands here is old." : sentence(shown, elapsed, receivedWall));
	showNumbers(shown, elapsed);
	showHealth(shown, elapsed, questionsPerS());
	showBar(shown, elapsed, Math.round(shown.offset?.v ?? 0) === 0);
	chart?.tick(state.wall_ms + elapsed);
}

async function ask() {
	askedAt = performance.now();
	try {
		const answer = await call("GET", "/state");
		if (answer.ok) take(answer.json);
	} catch {
		// the banner says it
	}
}

// An open stream that says nothing: the box may know why.
function askIfQuiet() {
	const now = performance.now();
	if (!loginWanted && !document.hidden && now - receivedAt > DOUBT_MS && now - askedAt > DOUBT_MS) ask();
}

function connect() {
	clearTimeout(retryTimer);
	source?.close();
	if (document.hidden || loginWanted) return;
	source = new EventSource(`${API}/events`);
	source.addEventListener("snapshot", (event) => {
		retryMs = 1000;
		take(JSON.parse(event.data));
	});
	source.onerror = () => {
		source.close();
		retryTimer = setTimeout(connect, retryMs);
		retryMs = Math.min(retryMs * 2, 30000);
		ask(); // a stream does not say why it was refused
	};
}

function askLogin() {
	if (loginWanted) return;
	loginWanted = true;
	source?.close();
	$("page").hidden = true;
	$("bar").hidden = true;
	$("login").hidden = false;
	$("password").focus();
}

async function logIn(event) {
	event.preventDefault();
	try {
		const answer = await call("POST", "/session", { password: $("password").value });
		if (!answer.ok) {
			const wait = answer.wait ? ` Next try in ${answer.wait} s.` : "";
			setText($("login-result"), `${answer.json?.detail ?? "Refused."}${wait}`);
			return;
		}
		location.reload();
	} catch {
		setText($("login-result"), "No answer from the box.");
	}
}

async function showLog() {
	if (document.hidden || loginWanted) return;
	try {
		const answer = await call("GET", "/log?limit=10");
		const lines = (answer.json?.events ?? []).map((event) => {
			const line = document.createElement("li");
			const time = document.createElement("time");
			time.textContent = new Date(event.t).toLocaleString("en-GB");
			line.append(time, document.createElement("span"));
			line.lastChild.className = event.level;
			line.lastChild.textContent = `${event.subject}: ${event.text}`;
			return line;
		});
		$("log").replaceChildren(...lines);
		if (!lines.length) $("log").textContent = answer.json?.detail ?? "No events yet.";
	} catch {
		// the next round may have more luck
	}
}

startControl(call);
startLines(call);
$("login").addEventListener("submit", logIn);
$("logout").addEventListener("click", async () => { await call("DELETE", "/session"); location.reload(); });
$("which").addEventListener("change", () => { asked = []; chart = null; take(state); });
document.addEventListener("visibilitychange", connect);
connect();
setInterval(() => { tick(); askIfQuiet(); }, 250);
setInterval(showLog, LOG_MS);
