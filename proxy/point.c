/* SPDX-License-Identifier: MIT */
#include "proxy/point.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const struct {
	double min;
	double max;
	bool is_signed;
} ranges[MAP_TYPE_COUNT] = {
	[MAP_U16] = { 0.0, 65535.0, false },
	[MAP_S16] = { -32768.0, 32767.0, true },
	[MAP_U32] = { 0.0, 4294967295.0, false },
	[MAP_S32] = { -2147483648.0, 2147483647.0, true },
};

static const double largest = (double)FLT_MAX;

static uint32_t
join(const struct map *map, const uint16_t *registers)
{
	unsigned high = map->word_order == MAP_LOW_WORD_FIRST ? 1 : 0;

	return (uint32_t)registers[high] << 16 | registers[1 - high];
}

static void
split(const struct map *map, uint32_t bits, uint16_t *registers)
{
	unsigned high = map->word_order == MAP_LOW_WORD_FIRST ? 1 : 0;

	registers[high] = (uint16_t)(bits >> 16);
	registers[1 - high] = (uint16_t)bits;
}

static double
raw_value(const struct map *map, const struct map_point *point,
    const uint16_t *registers)
{
	uint32_t bits;
	float number;

	/* A map_point has none of the other types. */
	if (point->type == MAP_U16)
		return registers[0];
	if (point->type == MAP_S16)
		return (int16_t)registers[0];
	if (point->type == MAP_U32)
		return join(map, registers);
	if (point->type == MAP_S32)
		return (int32_t)join(map, registers);
	bits = join(map, registers);
	memcpy(&number, &bits, sizeof(number));
	return (double)number;
}

static bool
is_invalid(const struct map *map, const struct map_point *point,
    const uint16_t *registers)
{
	uint32_t raw = map_type_words(point->type) == 1
	                   ? registers[0]
	                   : join(map, registers);

	for (unsigned i = 0; i < point->invalid_count; i++) {
		if (point->invalid[i] == raw)
			return true;
	}
	return false;
}

bool
point_decode(const struct map *map, const struct map_point *point,
    const uint16_t *registers, double *value)
{
	*value = raw_value(map, point, registers) * point->scale;
	return isfinite(*value) && !is_invalid(map, point, registers);
}

static bool
encode_float(const struct map *map, double raw, uint16_t *registers)
{
	bool fits = fabs(raw) <= largest;
	float number = (float)(fits ? raw : copysign(largest, raw));
	uint32_t bits;

	memcpy(&bits, &number, sizeof(bits));
	split(map, bits, registers);
	return fits;
}

bool
point_encode(const struct map *map, const struct map_point *point, double value,
    uint16_t *registers)
{
	double raw = value / point->scale;
	double held;
	uint32_t bits;

	if (point->type == MAP_F32)
		return encode_float(map, raw, registers);
	held = round(raw);
	held = held < ranges[point->type].min ? ranges[point->type].min : held;
	held = held > ranges[point->type].max ? ranges[point->type].max : held;
	bits = ranges[point->type].is_signed ? (uint32_t)(int32_t)held
	                                     : (uint32_t)held;
	if (map_type_words(point->type) == 1)
		registers[0] = (uint16_t)bits;
	else
		split(map, bits, registers);
	return fabs(held - round(raw)) < 0.5;
}

double
point_step(const struct map_point *point, double value)
{
	float raw = (float)fmin(fabs(value / point->scale), largest);
	float below = nextafterf(raw, 0.0F);
	float above = nextafterf(raw, INFINITY);

	if (point->type != MAP_F32)
		return fabs(point->scale);
	return fabs(point->scale) * (isfinite(above)
					    ? (double)above - (double)raw
					    : (double)raw - (double)below);
}
