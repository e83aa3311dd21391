// SPDX-License-Identifier: MIT
// Tunes the offset on the page of a running gridshim as its owner would, and
// watches what the browser has to say about it.
//   URL=http://127.0.0.1:8080/ [SHOTS=folder] node offset.mjs
// Prints "ok ..." and "not ok ..." lines; exit code 1 when one is not ok.

import { chromium } from "playwright-core";

const url = new URL(process.env.URL ?? "http://127.0.0.1:8080/");
const shots = process.env.SHOTS;
const WAIT = { timeout: 15000 };
let failed = 0;
let complaints = [];

function check(good, text, detail = "") {
	console.log(`${good ? "ok" : "not ok"} ${text}${good || detail === "" ? "" : `: ${detail}`}`);
	if (!good) failed++;
}

// What must not happen at any time: errors, refused content, other hosts.
async function watch(page) {
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type())) complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("request", (request) => {
		const target = new URL(request.url());
		if (target.protocol !== "data:" && target.host !== url.host) complaints.push(`request to ${target.host}`);
	});
	await page.addInitScript(() => {
		window.refusedContent = [];
		document.addEventListener("securitypolicyviolation", (event) =>
			window.refusedContent.push(`${event.violatedDirective} ${event.blockedURI}`));
	});
}

async function quiet(page, when) {
	complaints.push(...await page.evaluate(() => window.refusedContent.splice(0)));
	check(complaints.length === 0, `no error, refused content or foreign host ${when}`, complaints.join("; "));
	complaints = [];
}

const text = (page, selector) => page.locator(selector).innerText();
const number = (s) => Number(s.replace("−", "-").replaceAll(/[^0-9.-]/g, ""));
const secondsLeft = async (page) => number((await text(page, "#bar-left")).split(" s left")[0]);

// True once the predicate holds in the page.
async function until(page, predicate, argument) {
	try {
		await page.waitForFunction(predicate, argument, WAIT);
		return true;
	} catch {
		return false;
	}
}

async function isActive(page) {
	return until(page, () => ["Transparent", "Offset active"].includes(
		document.querySelector("#ribbon-word").textContent));
}

async function testFirstView(page) {
	const from = Date.now();
	await page.goto(url.href);
	check(await isActive(page), "the page is live", await text(page, "#ribbon"));
	check(Date.now() - from < 10000, "the page is live within 10 s");
	check(/^[−0-9]/.test(await text(page, "#n-true .v")), "the grid's power is shown");
	const sizes = await page.evaluate(() => performance.getEntriesByType("resource")
		.concat(performance.getEntriesByType("navigation"))
		.filter((entry) => !entry.name.includes("/api/")).map((entry) => entry.transferSize));
	const bytes = sizes.reduce((sum, size) => sum + size, 0);
	check(bytes < 100000, "the page weighs less than 100 kB", `${bytes} bytes`);
}

async function testApply(page) {
	await page.locator("#slider").focus();
	await page.keyboard.press("ArrowRight");
	check(number(await page.locator("#value").inputValue()) !== 0, "the slider moves the number by keyboard");
	await page.locator("#value").fill("500");
	check(await page.locator("#slider").inputValue() === "500", "the number moves the slider");
	await page.locator("label", { hasText: "1 min" }).click();
	check((await text(page, "#preview")).includes("export 500 W"), "the preview tells where the grid will settle", await text(page, "#preview"));
	await page.locator("#apply").click();
	check(await until(page, () => document.querySelector("#n-offset .v").textContent === "+500"), "the page shows the offset reached", await text(page, "#n-offset"));
	check(await until(page, () => document.querySelector("#ribbon-word").textContent === "Offset active"), "the ribbon says so");
	check((await text(page, "#sentence")).includes("Offset +500 W until"), "the sentence says why", await text(page, "#sentence"));
	const [grid, shown] = (await page.evaluate(() => ["#n-true .v", "#n-shown .v"].map((id) =>
		document.querySelector(id).textContent))).map(number);
	check(Math.abs(shown - grid - 500) <= 1, "what the inverter sees is the grid's power plus the offset", `${grid} and ${shown}`);
}

async function testCountdown(page) {
	const before = await secondsLeft(page);
	check(before > 0 && before <= 60, "the countdown is shown", await text(page, "#bar-left"));
	check(await until(page, (start) => parseInt(document.querySelector("#bar-left").textContent, 10) <= start - 2, before), "the countdown runs");
}

async function testStop(page) {
	await page.locator("#stop").click();
	check(await until(page, () => document.querySelector("#bar-value").textContent === "No offset"), "Stop ends the offset", await text(page, "#bar"));
	check(await until(page, () => document.querySelector("#n-offset .v").textContent === "0"), "the offset goes back to zero", await text(page, "#n-offset"));
	check(await until(page, () => document.querySelector("#ribbon-word").textContent === "Transparent"), "the ribbon says transparent");
}

async function testRefusal(page) {
	const limit = number(await page.locator("#value").getAttribute("max"));
	await page.locator("#value").fill(String(limit + 1));
	check(await page.locator("#apply").isDisabled(), "more than the limit cannot be applied");
	await page.locator("#value").fill("0");
	check(await page.locator("#apply").isEnabled(), "a good value can be");
}

async function testChart(page) {
	check(await until(page, () => document.querySelector("#chart canvas") !== null), "the chart is drawn");
}

async function testLines(page) {
	await page.locator("#lines").scrollIntoViewIfNeeded();
	check(await until(page, () => {
		const cards = [...document.querySelectorAll("#line-cards .card")];
		return cards.length === 2 && cards.every((card) => card.querySelector(".health").textContent === "Up");
	}), "each line has a card, and is up", await text(page, "#lines"));
}

async function testNarrow(context) {
	const page = await context.newPage();
	await watch(page);
	await page.setViewportSize({ width: 320, height: 640 });
	await page.goto(url.href);
	check(await isActive(page), "the page is live at 320 px");
	await until(page, () => document.querySelector("#chart canvas") !== null);
	const width = await page.evaluate(() => document.documentElement.scrollWidth);
	check(width <= 320, "no sideways scrolling at 320 px", `${width} px`);
	const small = await page.evaluate(() => [...document.querySelectorAll("button, input, select, summary, a")]
		.filter((node) => node.offsetParent !== null && Math.min(node.getBoundingClientRect().height, node.getBoundingClientRect().width) < 43.5)
		.map((node) => node.id || node.textContent));
	check(small.length === 0, "everything to press is 44 px", small.join(", "));
	check(await page.locator("#stop").evaluate((node) => {
		const box = node.getBoundingClientRect();
		return box.bottom <= innerHeight && document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === node;
	}), "Stop is in reach without scrolling");
	if (shots) await page.screenshot({ path: `${shots}/narrow.png`, fullPage: true });
	await quiet(page, "at 320 px");
	await page.close();
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
	const page = await context.newPage();
	await watch(page);
	await testFirstView(page);
	await testApply(page);
	await testCountdown(page);
	if (shots) await page.screenshot({ path: `${shots}/offset.png`, fullPage: true });
	await testStop(page);
	await testRefusal(page);
	await testChart(page);
	await testLines(page);
	await quiet(page, "in all that");
	await testNarrow(context);
} catch (error) {
	check(false, "the test runs to its end", error.message);
} finally {
	await browser.close();
}
console.log(failed ? `# ${failed} not ok` : "# all ok");
process.exit(failed ? 1 : 0);
