/* SPDX-License-Identifier: MIT */
#include "tests/house/judge.h"

#include "tests/house/now.h"
#include "tests/house/witness.h"

enum {
	COILS = 1,
	INPUTS = 2,
	HOLDING = 3,
	INPUT_WORDS = 4,
	COILS_READ_MAX = 2000,
	COILS_WRITE_MAX = 1968,
	WORDS_WRITE_MAX = 123,
	WRITE_HEAD = 7, /* bytes before the data of 15 and 16 */
	SINGLE_HEAD = 4, /* and of 5 and 6 */
};

struct request {
	const uint8_t *adu;
	unsigned function;
	unsigned address;
	unsigned count;
	unsigned table; /* the function that reads what is meant; 0: unknown */
	bool writes;
};

static unsigned
pair(const uint8_t *bytes)
{
	return bytes[0] * 256U + bytes[1];
}

static struct request
parse(const uint8_t *adu)
{
	static const unsigned tables[] = { [1] = COILS,
		[2] = INPUTS,
		[3] = HOLDING,
		[4] = INPUT_WORDS,
		[5] = COILS,
		[6] = HOLDING,
		[15] = COILS,
		[16] = HOLDING };
	struct request request = { .adu = adu, .function = adu[1] };

	if (request.function < sizeof(tables) / sizeof(*tables))
		request.table = tables[request.function];
	if (request.table == 0)
		return request;
	request.writes = request.function > INPUT_WORDS;
	request.address = pair(adu + 2);
	request.count =
	    request.function == 5 || request.function == 6 ? 1 : pair(adu + 4);
	return request;
}

/* Whether it has any use for the function. */
static bool
serves(const struct device *device, const struct request *request)
{
	const struct map *map = &device->map;

	if (!request->writes)
		return device->serves[request->table];
	for (unsigned i = 0; i < map->entries_count; i++)
		if (map->entries[i].write_function == request->function)
			return true;
	return false;
}

static unsigned
refuse_read(struct device *device, const struct request *request)
{
	const uint8_t *known = device->known[request->table];
	unsigned end = request->address + request->count;
	unsigned most =
	    request->table <= INPUTS ? COILS_READ_MAX : device->map.words_max;

	if (request->count < 1 || request->count > most)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	for (unsigned at = request->address; at < end; at++)
		if (at >= DEVICE_SPACE ||
		    (known[at] & (DEVICE_THERE | DEVICE_HOLE)) != DEVICE_THERE)
			return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
	if ((known[request->address] & DEVICE_MORE) != 0 ||
	    (end < DEVICE_SPACE && (known[end] & DEVICE_MORE) != 0))
		device->counts.torn++;
	return 0;
}

/* The i-th register or coil that a request writes. */
static uint16_t
written_word(const struct request *request, unsigned i)
{
	const uint8_t *data = request->adu + WRITE_HEAD;

	switch (request->function) {
	case 5:
		return pair(request->adu + SINGLE_HEAD) == 0xff00;
	case 6:
		return (uint16_t)pair(request->adu + SINGLE_HEAD);
	case 15:
		return data[i / 8] >> i % 8 & 1;
	default:
		return (uint16_t)pair(data + 2 * i);
	}
}

/* The entry that is written there by that function; -1: none. */
static int
writable_at(const struct device *device, unsigned function, unsigned address)
{
	const struct map *map = &device->map;

	for (unsigned i = 0; i < map->entries_count; i++)
		if (map->entries[i].write_function == function &&
		    device->at[i] == address)
			return (int)i;
	return -1;
}

static bool
takes(const struct device *device, const struct request *request, unsigned i,
    unsigned first)
{
	const struct map_entry *entry = &device->map.entries[i];
	int scale10 = device_scale10(device, i);
	uint16_t words[MAP_WORDS_MAX + DEVICE_FUNCTIONS];
	struct value value;
	double slack;

	for (unsigned j = 0; j < entry->words; j++)
		words[j] = written_word(request, first + j);
	witness_get(entry, words, scale10, &value);
	if (value.kind != VALUE_NUMBER)
		return value.kind == VALUE_TEXT;
	slack = witness_step(entry, scale10, value.number) * 1e-3;
	return !entry->has_range || (value.number >= entry->min - slack &&
					value.number <= entry->max + slack);
}

static bool
well_formed(const struct request *request)
{
	unsigned bytes = request->adu[WRITE_HEAD - 1];

	switch (request->function) {
	case 5:
		return pair(request->adu + SINGLE_HEAD) % 0xff00 == 0;
	case 6:
		return true;
	case 15:
		return request->count >= 1 &&
		       request->count <= COILS_WRITE_MAX &&
		       bytes == (request->count + 7) / 8;
	default:
		return request->count >= 1 &&
		       request->count <= WORDS_WRITE_MAX &&
		       bytes == 2 * request->count;
	}
}

/* Whole entries, one after the other, each by its own function. */
static unsigned
refuse_write(const struct device *device, const struct request *request)
{
	if (!well_formed(request))
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	for (unsigned done = 0; done < request->count;) {
		int i = writable_at(
		    device, request->function, request->address + done);

		if (i < 0 ||
		    done + device->map.entries[i].words > request->count)
			return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
		if (!takes(device, request, (unsigned)i, done))
			return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
		done += device->map.entries[i].words;
	}
	return 0;
}

int
judge_request(struct device *device, const uint8_t *adu, int64_t now_ns)
{
	struct request request = parse(adu);
	unsigned exception;

	device->counts.requests++;
	if (now_ns - device->quiet_ns < device->map.gap_ms * NOW_MS) {
		device->counts.early++;
		device->quiet_ns = now_ns;
		return JUDGE_SILENT;
	}
	if (device->silent)
		return JUDGE_SILENT;
	if (request.table == 0 || !serves(device, &request))
		exception = MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
	else if (request.writes)
		exception = refuse_write(device, &request);
	else
		exception = refuse_read(device, &request);
	device->counts.refused += exception != 0;
	device->counts.answers += exception == 0;
	return (int)exception;
}

void
judge_rest(struct device *device, int64_t at_ns)
{
	device->quiet_ns = at_ns;
}

/* What was written may be read by another function. */
static void
mirror(struct device *device, unsigned table, unsigned i)
{
	const struct map_entry *entry = &device->map.entries[i];

	if (entry->function == table)
		return;
	for (unsigned j = 0; j < entry->words; j++)
		device_set_word(device, entry->function, device->at[i] + j,
		    device_word(device, table, device->at[i] + j));
}

static bool
feeds(const struct map_watchdog *watchdog, unsigned entry)
{
	for (unsigned i = 0; i < watchdog->points_count; i++)
		if (watchdog->points[i] == entry)
			return true;
	return false;
}

static void
feed(struct device *device, int64_t now_ns)
{
	(void)device_watchdog(device, now_ns); /* it may have come too late */
	device->fed_ns = now_ns;
	device->fallen = false;
}

void
judge_done(struct device *device, const uint8_t *adu, int64_t now_ns)
{
	const struct map_watchdog *watchdog = &device->map.watchdog;
	struct request request = parse(adu);
	bool fed = watchdog->points_count == 0;

	device->counts.writes += request.writes;
	for (unsigned done = 0; request.writes && done < request.count;) {
		unsigned i = (unsigned)writable_at(
		    device, request.function, request.address + done);

		device->worn[i]++;
		mirror(device, request.table, i);
		fed = fed || feeds(watchdog, i);
		done += device->map.entries[i].words;
	}
	if (fed)
		feed(device, now_ns);
}
