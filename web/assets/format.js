// SPDX-License-Identifier: MIT
// Numbers and times as people read them. A minus is a minus, not a hyphen.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function watts(w) {
	return whole.format(Math.round(w) || 0).replace("-", "−");
}

export function signed(w) {
	const rounded = Math.round(w) || 0;
	return (rounded > 0 ? "+" : "") + watts(rounded);
}

export function amount(w) {
	return watts(Math.abs(w));
}

export function value(v, unit) {
	if (unit === "Wh") return `${(v / 1000).toFixed(1)} kWh`;
	const digits = Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : 2;
	return `${v.toFixed(unit === "Hz" ? 2 : unit === "V" ? 1 : digits)
		.replace("-", "−")}${unit ? ` ${unit}` : ""}`;
}

export function age(ms) {
	if (ms === null || ms === undefined) return "never";
	if (ms < 10000) return `${(ms / 1000).toFixed(1)} s`;
	if (ms < 120000) return `${Math.round(ms / 1000)} s`;
	if (ms < 7200000) return `${Math.round(ms / 60000)} min`;
	return `${Math.round(ms / 3600000)} h`;
}

// 42 s, 14:05 min, 1:02:03 h
export function left(seconds) {
	const s = Math.max(0, Math.ceil(seconds));
	const two = (n) => String(n).padStart(2, "0");
	if (s < 100) return `${s} s`;
	if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)} min`;
	return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)} h`;
}

export function clock(ms, seconds = true) {
	const options = { hour: "2-digit", minute: "2-digit", hour12: false };
	if (seconds) options.second = "2-digit";
	return new Date(ms).toLocaleTimeString("en-GB", options);
}

// Which way power goes through the meter; a few watts go nowhere.
export function direction(w) {
	return w > 5 ? "import" : w < -5 ? "export" : "even";
}

export const $ = (id) => document.getElementById(id);

export function setText(node, text) {
	if (node.textContent !== text) node.textContent = text;
}

export function fillList(list, rows) {
	while (list.children.length > rows.length * 2) list.lastChild.remove();
	rows.forEach(([name, text], i) => {
		if (list.children.length < (i + 1) * 2)
			list.append(document.createElement("dt"), document.createElement("dd"));
		setText(list.children[i * 2], name);
		setText(list.children[i * 2 + 1], text);
	});
}
