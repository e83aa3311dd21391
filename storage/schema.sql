-- SPDX-License-Identifier: MIT
--
-- Schema 1 of the history. Times are microseconds since 1970 UTC, powers W
-- (import from the grid positive), energies Wh. To ask about a moment:
--
--   SELECT * FROM txn WHERE time_us >= unixepoch('2025-06-01 14:03') * 1000000
--
-- Read txn, reading, event, setting and the views below them. The tables
-- txn_raw and sample hold the same in fewer bytes and may change their shape.

-- Names once, small numbers in the rows: an id is one byte, "transparent" 12.
CREATE TABLE name (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);

-- One row per transaction on a line, in the order of arrival. The index on
-- time costs about 14 bytes a row; without it, finding a moment means reading
-- the whole table, since a clock that was set lets id and time part ways.
CREATE TABLE txn_raw (
	id INTEGER PRIMARY KEY,
	time_us INTEGER NOT NULL,
	line_id INTEGER REFERENCES name(id),
	side_id INTEGER REFERENCES name(id),
	unit INTEGER NOT NULL,
	function INTEGER NOT NULL,
	address INTEGER NOT NULL,
	count INTEGER NOT NULL,
	duration_us INTEGER,
	outcome_id INTEGER REFERENCES name(id),
	true_w INTEGER,
	shown_w INTEGER,
	offset_w INTEGER,
	reason_id INTEGER REFERENCES name(id),
	sample_age_ms INTEGER,
	request BLOB,
	response BLOB
);
CREATE INDEX txn_time ON txn_raw(time_us);

CREATE VIEW txn AS
SELECT txn_raw.id AS id, time_us, line.name AS line, side.name AS side, unit,
	function, address, count, request, response, duration_us,
	outcome.name AS outcome, true_w, shown_w, offset_w,
	reason.name AS reason, sample_age_ms
FROM txn_raw
LEFT JOIN name AS line ON line.id = line_id
LEFT JOIN name AS side ON side.id = side_id
LEFT JOIN name AS outcome ON outcome.id = outcome_id
LEFT JOIN name AS reason ON reason.id = reason_id;

-- One row per sample, one column per quantity, clustered by time. A sample of
-- 12 values is one cell at the tail of one tree. Measured with 3 subjects and
-- 128 values a second, commits every 5 s, bytes per value: kept / written
-- (log and checkpoint) / CPU per value
--
--   row per value, index (series, time)      49 / 823 / 2.0 us
--   row per value, clustered (series, time)  26 / 802 / 1.6 us
--   row per sample, clustered (subject, time) 13 / 111 / 0.3 us
--   row per sample, clustered (time, subject) 13 / 64 / 0.3 us   <- this
--
-- Each series that has its own place in a tree dirties a page of its own in
-- every commit; flash wears by pages. Reading one quantity of one subject over
-- six hours takes 55 ms here, 41 ms in the best of the others.
CREATE TABLE sample (
	time_us INTEGER NOT NULL,
	subject_id INTEGER NOT NULL REFERENCES name(id),
	active_power REAL,
	active_power_l1 REAL,
	active_power_l2 REAL,
	active_power_l3 REAL,
	reactive_power REAL,
	reactive_power_l1 REAL,
	reactive_power_l2 REAL,
	reactive_power_l3 REAL,
	apparent_power REAL,
	apparent_power_l1 REAL,
	apparent_power_l2 REAL,
	apparent_power_l3 REAL,
	power_factor REAL,
	power_factor_l1 REAL,
	power_factor_l2 REAL,
	power_factor_l3 REAL,
	voltage REAL,
	voltage_l1 REAL,
	voltage_l2 REAL,
	voltage_l3 REAL,
	current REAL,
	current_l1 REAL,
	current_l2 REAL,
	current_l3 REAL,
	frequency REAL,
	energy_import REAL,
	energy_export REAL,
	battery_power REAL,
	battery_soc REAL,
	pv_power REAL,
	offset REAL,
	PRIMARY KEY (time_us, subject_id)
) WITHOUT ROWID;

CREATE VIEW reading AS
SELECT time_us, subject.name AS subject, quantity, value
FROM (
	SELECT time_us, subject_id, 'active_power' AS quantity, active_power AS value FROM sample
	UNION ALL SELECT time_us, subject_id, 'active_power_l1', active_power_l1 FROM sample
	UNION ALL SELECT time_us, subject_id, 'active_power_l2', active_power_l2 FROM sample
	UNION ALL SELECT time_us, subject_id, 'active_power_l3', active_power_l3 FROM sample
	UNION ALL SELECT time_us, subject_id, 'reactive_power', reactive_power FROM sample
	UNION ALL SELECT time_us, subject_id, 'reactive_power_l1', reactive_power_l1 FROM sample
	UNION ALL SELECT time_us, subject_id, 'reactive_power_l2', reactive_power_l2 FROM sample
	UNION ALL SELECT time_us, subject_id, 'reactive_power_l3', reactive_power_l3 FROM sample
	UNION ALL SELECT time_us, subject_id, 'apparent_power', apparent_power FROM sample
	UNION ALL SELECT time_us, subject_id, 'apparent_power_l1', apparent_power_l1 FROM sample
	UNION ALL SELECT time_us, subject_id, 'apparent_power_l2', apparent_power_l2 FROM sample
	UNION ALL SELECT time_us, subject_id, 'apparent_power_l3', apparent_power_l3 FROM sample
	UNION ALL SELECT time_us, subject_id, 'power_factor', power_factor FROM sample
	UNION ALL SELECT time_us, subject_id, 'power_factor_l1', power_factor_l1 FROM sample
	UNION ALL SELECT time_us, subject_id, 'power_factor_l2', power_factor_l2 FROM sample
	UNION ALL SELECT time_us, subject_id, 'power_factor_l3', power_factor_l3 FROM sample
	UNION ALL SELECT time_us, subject_id, 'voltage', voltage FROM sample
	UNION ALL SELECT time_us, subject_id, 'voltage_l1', voltage_l1 FROM sample
	UNION ALL SELECT time_us, subject_id, 'voltage_l2', voltage_l2 FROM sample
	UNION ALL SELECT time_us, subject_id, 'voltage_l3', voltage_l3 FROM sample
	UNION ALL SELECT time_us, subject_id, 'current', current FROM sample
	UNION ALL SELECT time_us, subject_id, 'current_l1', current_l1 FROM sample
	UNION ALL SELECT time_us, subject_id, 'current_l2', current_l2 FROM sample
	UNION ALL SELECT time_us, subject_id, 'current_l3', current_l3 FROM sample
	UNION ALL SELECT time_us, subject_id, 'frequency', frequency FROM sample
	UNION ALL SELECT time_us, subject_id, 'energy_import', energy_import FROM sample
	UNION ALL SELECT time_us, subject_id, 'energy_export', energy_export FROM sample
	UNION ALL SELECT time_us, subject_id, 'battery_power', battery_power FROM sample
	UNION ALL SELECT time_us, subject_id, 'battery_soc', battery_soc FROM sample
	UNION ALL SELECT time_us, subject_id, 'pv_power', pv_power FROM sample
	UNION ALL SELECT time_us, subject_id, 'offset', offset FROM sample
)
JOIN name AS subject ON subject.id = subject_id
WHERE value IS NOT NULL;

-- level: error, warning, info, debug. Holes in the record are events too.
CREATE TABLE event (
	id INTEGER PRIMARY KEY,
	time_us INTEGER NOT NULL,
	level TEXT NOT NULL,
	subject TEXT NOT NULL,
	text TEXT NOT NULL
);

-- A tuned value was changed, by whom.
CREATE TABLE setting (
	id INTEGER PRIMARY KEY,
	time_us INTEGER NOT NULL,
	subject TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	owner TEXT NOT NULL
);

-- Active power per minute, W.
CREATE VIEW power_minute AS
SELECT datetime(time_us / 60000000 * 60, 'unixepoch') AS utc,
	subject.name AS subject, round(avg(active_power), 1) AS mean_w,
	min(active_power) AS min_w, max(active_power) AS max_w,
	count(active_power) AS samples
FROM sample
JOIN name AS subject ON subject.id = subject_id
WHERE active_power IS NOT NULL
GROUP BY time_us / 60000000, subject_id;

-- What the inverter was told, and what was true, at every one of its polls.
CREATE VIEW inverter_saw AS
SELECT strftime('%Y-%m-%d %H:%M:%f', time_us / 1e6, 'unixepoch') AS utc,
	time_us, line, unit, address, count, outcome, shown_w, true_w,
	offset_w, reason, sample_age_ms, duration_us, hex(response) AS response
FROM txn
WHERE side = 'inverter';

-- Offsets, and who set them.
CREATE VIEW offset_set AS
SELECT strftime('%Y-%m-%d %H:%M:%f', time_us / 1e6, 'unixepoch') AS utc,
	time_us, subject, key, value, owner
FROM setting
WHERE key LIKE 'offset%';

-- What went wrong: warnings and errors, and transactions without an answer.
CREATE VIEW fault AS
SELECT strftime('%Y-%m-%d %H:%M:%f', time_us / 1e6, 'unixepoch') AS utc,
	time_us, level, subject, text
FROM event
WHERE level IN ('warning', 'error')
UNION ALL
SELECT strftime('%Y-%m-%d %H:%M:%f', time_us / 1e6, 'unixepoch'), time_us,
	'txn', line, side || ' ' || outcome || ': unit ' || unit ||
	' function ' || function || ' address ' || address || ' count ' || count
FROM txn
WHERE outcome NOT IN ('ok', 'foreign', 'superseded');
