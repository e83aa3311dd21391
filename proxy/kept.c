/* SPDX-License-Identifier: MIT */
#include "proxy/kept.h"

#include <assert.h>
#include <string.h>

/* Of a write request and of its reply: function, address, and the value or the
 * count. */
enum { WRITE_HEAD = 5 };

void
kept_lay(struct image *image)
{
	const struct map *map = image->map;

	for (unsigned i = 0; i < map->constants_count; i++) {
		const struct map_constant *constant = &map->constants[i];
		uint16_t *registers =
		    image_at(image, constant->address, constant->count);

		assert(registers != NULL); /* map_load has checked it */
		if (!constant->alone)
			memcpy(registers, constant->words,
			    constant->count * sizeof(constant->words[0]));
	}
}

const uint16_t *
kept_read(const struct image *image, const struct pdu_request *request)
{
	const struct map *map = image->map;

	for (unsigned i = 0; i < map->constants_count; i++) {
		const struct map_constant *constant = &map->constants[i];

		if (constant->alone && constant->address == request->address &&
		    constant->count == request->count)
			return constant->words;
	}
	return image_read(image, request->address, request->count);
}

bool
kept_is_write(const struct map *map, uint8_t function)
{
	return map->writes_count > 0 &&
	       (function == PDU_WRITE_SINGLE || function == PDU_WRITE_MULTIPLE);
}

static bool
may_write(const struct map *map, const struct pdu_request *request)
{
	unsigned end = (unsigned)request->address + request->count;

	for (unsigned i = 0; i < map->writes_count; i++) {
		const struct map_block *write = &map->writes[i];

		if (request->address >= write->address &&
		    end <= (unsigned)write->address + write->count)
			return true;
	}
	return false;
}

enum pdu_exception
kept_write(
    struct image *image, const struct pdu_request *request, const uint8_t *pdu)
{
	/* A single value stands where a count would. */
	const uint8_t *bytes = request->function == PDU_WRITE_SINGLE
	                           ? pdu + 3
	                           : pdu + WRITE_HEAD + 1;
	uint16_t *registers;

	if (!may_write(image->map, request))
		return PDU_ILLEGAL_ADDRESS;
	registers = image_at(image, request->address, request->count);
	assert(registers != NULL); /* map_load has checked it */
	for (unsigned i = 0; i < request->count; i++)
		registers[i] = pdu_get_u16(bytes + 2 * (size_t)i);
	return PDU_OK;
}

size_t
kept_reply(const uint8_t *pdu, uint8_t reply[static PDU_MAX])
{
	memcpy(reply, pdu, WRITE_HEAD);
	return WRITE_HEAD;
}
