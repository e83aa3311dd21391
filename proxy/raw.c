/* SPDX-License-Identifier: MIT */
#include "proxy/raw.h"

#include <math.h>
#include <string.h>

static const struct {
	unsigned bits;
	bool is_signed;
	bool is_float;
} types[MAP_TYPE_COUNT] = {
	[MAP_U16] = { 16, false, false },
	[MAP_S16] = { 16, true, false },
	[MAP_U32] = { 32, false, false },
	[MAP_S32] = { 32, true, false },
	[MAP_F32] = { 32, false, true },
	[MAP_U64] = { 64, false, false },
	[MAP_S64] = { 64, true, false },
	[MAP_F64] = { 64, false, true },
	[MAP_BOOL] = { 16, false, false },
	[MAP_ENUM16] = { 16, false, false },
	[MAP_BITS16] = { 16, false, false },
	[MAP_BITS32] = { 32, false, false },
	[MAP_BCD16] = { 16, false, false },
	[MAP_HEX16] = { 16, false, false },
};

unsigned
raw_bits(enum map_type type)
{
	return types[type].bits;
}

bool
raw_is_signed(enum map_type type)
{
	return types[type].is_signed;
}

bool
raw_is_float(enum map_type type)
{
	return types[type].is_float;
}

uint64_t
raw_join(const struct map_entry *entry, const uint16_t *words)
{
	bool low_first = entry->word_order == MAP_LOW_WORD_FIRST;
	uint64_t raw = 0;

	for (unsigned i = 0; i < entry->words; i++)
		raw = raw << 16 | words[low_first ? entry->words - 1 - i : i];
	return raw;
}

void
raw_split(const struct map_entry *entry, uint64_t raw, uint16_t *words)
{
	bool low_first = entry->word_order == MAP_LOW_WORD_FIRST;

	for (unsigned i = entry->words; i-- > 0; raw >>= 16)
		words[low_first ? entry->words - 1 - i : i] = (uint16_t)raw;
}

static double
float_of(const struct map_entry *entry, uint64_t raw)
{
	uint32_t half = (uint32_t)raw;
	float single;
	double number;

	if (entry->type == MAP_F64) {
		memcpy(&number, &raw, sizeof(number));
		return number;
	}
	memcpy(&single, &half, sizeof(single));
	return (double)single;
}

static double
bcd_of(uint64_t raw)
{
	double number = 0;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = raw >> shift & 0xf;

		if (digit > 9)
			return (double)NAN;
		number = number * 10 + digit;
	}
	return number;
}

double
raw_number(const struct map_entry *entry, uint64_t raw)
{
	if (types[entry->type].is_float)
		return float_of(entry, raw);
	if (entry->type == MAP_BCD16)
		return bcd_of(raw);
	if (!types[entry->type].is_signed)
		return (double)raw;
	switch (types[entry->type].bits) {
	case 16:
		return (double)(int16_t)raw;
	case 32:
		return (double)(int32_t)raw;
	default:
		return (double)(int64_t)raw;
	}
}

static uint64_t
raw_of_float(const struct map_entry *entry, double number)
{
	float single = (float)number;
	uint32_t half;
	uint64_t raw;

	if (entry->type == MAP_F64) {
		memcpy(&raw, &number, sizeof(raw));
		return raw;
	}
	memcpy(&half, &single, sizeof(half));
	return half;
}

static uint64_t
raw_of_bcd(double number)
{
	unsigned left = (unsigned)number;
	uint64_t raw = 0;

	for (int shift = 0; shift < 16; shift += 4, left /= 10)
		raw |= (uint64_t)(left % 10) << shift;
	return raw;
}

/* Above the last that fits. */
static double
limit_of(const struct map_entry *entry)
{
	if (entry->type == MAP_BCD16)
		return 10000;
	if (entry->type == MAP_BOOL)
		return 2;
	if (entry->type == MAP_F32)
		return 0x1.ffffffp127; /* rounds to infinity */
	if (entry->type == MAP_F64)
		return HUGE_VAL;
	return ldexp(
	    1, (int)types[entry->type].bits - types[entry->type].is_signed);
}

bool
raw_fits(const struct map_entry *entry, double number)
{
	double limit = limit_of(entry);

	if (types[entry->type].is_float)
		return fabs(number) < limit;
	return number < limit &&
	       number >= (types[entry->type].is_signed ? -limit : 0);
}

uint64_t
raw_make(const struct map_entry *entry, double number)
{
	unsigned bits = types[entry->type].bits;
	uint64_t raw;

	if (types[entry->type].is_float)
		return raw_of_float(entry, number);
	if (entry->type == MAP_BCD16)
		return raw_of_bcd(number);
	raw = number < 0 ? (uint64_t)(int64_t)number : (uint64_t)number;
	return bits == 64 ? raw : raw & ((UINT64_C(1) << bits) - 1);
}
