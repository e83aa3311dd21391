// SPDX-License-Identifier: MIT
// The last 10 minutes: what the database has first, then what comes live, one
// point a second. Where nothing was measured, nothing is drawn.

import { $, clock, signed, watts } from "./format.js";

const SPAN_S = 600;
const GAP_S = 5;
const HEIGHT = 270;

let points = new Map(); // second -> [grid, shown, offset]

function load(tag, attributes) {
	return new Promise((resolve, reject) => {
		const node = Object.assign(document.createElement(tag), attributes);
		node.onload = resolve;
		node.onerror = reject;
		document.head.append(node);
	});
}

function put(second, column, value) {
	const row = points.get(second) ?? [null, null, null];
	row[column] = value;
	points.set(second, row);
}

async function fetchPast(call, shown) {
	const wanted = [[shown.meter.name, "active_power"], [shown.name, "active_power"], [shown.name, "offset"]];
	await Promise.all(wanted.map(async ([subject, quantity], column) => {
		const query = new URLSearchParams({ subject, quantity, from: -SPAN_S, step: 1000 });
		const answer = await call("GET", `/history?${query}`).catch(() => ({ ok: false }));
		if (!answer.ok) return;
		answer.json.t.forEach((t, i) => {
			const second = Math.floor(t / 1000);
			if ((points.get(second)?.[column] ?? null) === null) put(second, column, answer.json.mean[i]);
		});
	}));
}

function columns(nowS) {
	const data = [[], [], [], []];
	const seconds = [...points.keys()].sort((a, b) => a - b);
	let last = null;
	for (const second of seconds) {
		if (second < nowS - SPAN_S - 60) {
			points.delete(second);
			continue;
		}
		if (last !== null && second - last > GAP_S) {
			data[0].push(last + 1);
			for (let i = 1; i < 4; i++) data[i].push(null);
		}
		data[0].push(second);
		points.get(second).forEach((value, i) => data[i + 1].push(value));
		last = second;
	}
	return data;
}

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function axis(extra) {
	return { stroke: colour("soft"), grid: { stroke: colour("edge"), width: 1 }, ticks: { stroke: colour("edge"), width: 1 },
		font: "12px system-ui, sans-serif", ...extra };
}

function options(width) {
	const text = (format) => (plot, value) => (value === null || value === undefined ? "–" : `${format(value)} W`);
	return {
		width, height: HEIGHT,
		cursor: { y: false, points: { size: 7 } },
		scales: {
			x: { range: (plot, min, max) => [max - SPAN_S, max] },
			y: { range: (plot, min, max) => {
				const low = Math.min(min ?? 0, 0, (max ?? 0) - 100);
				const high = Math.max(max ?? 0, 0, (min ?? 0) + 100);
				const pad = (high - low) * 0.08;
				return [low - pad, high + pad];
			} },
		},
		axes: [
			axis({ space: 70, values: (plot, splits) => splits.map((s) => clock(s * 1000, false)) }),
			axis({ size: 62, values: (plot, splits) => splits.map((w) => watts(w)) }),
		],
		series: [
			{ label: "Time", value: (plot, s) => (s ? clock(s * 1000) : "–") },
			{ label: "Grid", stroke: colour("import"), width: 2, value: text(watts), points: { show: false } },
			{ label: "Inverter sees", stroke: colour("neutral"), width: 1.5, dash: [2, 3], value: text(watts), points: { show: false } },
			{ label: "Offset", stroke: colour("offset"), width: 2, dash: [10, 4, 2, 4], value: text(signed), points: { show: false } },
		],
	};
}

function fillTable() {
	if (!$("table-box").open) return;
	const rows = [...points.entries()].filter(([second]) => second % 15 === 0).sort((a, b) => b[0] - a[0]).slice(0, 40);
	$("table").tBodies[0].replaceChildren(...rows.map(([second, [grid, shown, offset]]) => {
		const row = document.createElement("tr");
		for (const text of [clock(second * 1000), ...[grid, shown].map((w) => (w === null ? "–" : watts(w))), offset === null ? "–" : signed(offset)])
			row.insertCell().textContent = text;
		return row;
	}));
}

export async function startChart(call, shown, state) {
	const box = $("chart");
	points = new Map();
	await Promise.all([globalThis.uPlot ? null : load("script", { src: "uplot.js" }),
		globalThis.uPlot ? null : load("link", { rel: "stylesheet", href: "uplot.css" }), fetchPast(call, shown)]);
	box.replaceChildren();
	const width = () => Math.max(240, box.clientWidth);
	let plot = null;
	const draw = (nowS) => {
		const data = columns(nowS);
		if (!data[0].length || data[0][data[0].length - 1] < nowS) {
			data[0].push(nowS); // the axis goes on while nothing is measured
			for (let i = 1; i < 4; i++) data[i].push(null);
		}
		plot.setData(data);
	};
	const build = () => {
		plot?.destroy();
		plot = new globalThis.uPlot(options(width()), [[], [], [], []], box);
	};
	build();
	new ResizeObserver(() => plot.setSize({ width: width(), height: HEIGHT })).observe(box);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
	$("table-box").addEventListener("toggle", fillTable);
	// What was under way to the database when we asked is in it by then.
	setTimeout(() => fetchPast(call, shown), (state.commit_s + 1) * 1000);

	let drawn = 0;
	let lastAge = null;
	return {
		add(fresh, wallMs) {
			if (fresh.state !== "active" || !fresh.true || fresh.name !== shown.name) return;
			const sampleMs = wallMs - fresh.true.age_ms;
			if (lastAge !== null && sampleMs <= lastAge) return;
			lastAge = sampleMs;
			points.set(Math.floor(sampleMs / 1000), [fresh.true.v, fresh.shown.v, fresh.offset.v]);
		},
		tick(wallMs) {
			const second = Math.floor(wallMs / 1000);
			if (second === drawn) return;
			drawn = second;
			draw(second);
			fillTable();
		},
	};
}
