/* SPDX-License-Identifier: MIT */
#include "proxy/import_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/import_word.h"

enum { CHOICE_SIZE = 120 };

struct taking {
	bool of_bits;
	unsigned bits; /* of the registers */
	unsigned count;
	unsigned long seen[MAP_CHOICES_MAX];
	char *out;
	size_t used;
};

static bool
is_seen(const struct taking *t, unsigned long raw)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->seen[i] == raw)
			return true;
	return false;
}

/* "b3=fault", "3=fault", "0x10=on", "3: fault"; of bits with or without b. */
static bool
take_choice(struct taking *t, const char *at)
{
	unsigned long raw;
	char *end;
	char text[CHOICE_SIZE];
	int length;
	size_t gap;

	at += strspn(at, " ");
	if (t->of_bits && *at == 'b')
		at++;
	if (!isdigit((unsigned char)*at))
		return false;
	raw = strtoul(at, &end, (at[1] | 0x20) == 'x' ? 16 : 10);
	gap = strspn(end, " ");
	end += gap;
	/* "b3 fault" will do for bits. */
	if (*end == '=' || *end == ':')
		end += 1 + strspn(end + 1, " ");
	else if (!t->of_bits || gap == 0)
		return false;
	import_word_plain(text, sizeof(text), end);
	if (text[0] == '\0' || raw > UINT32_MAX || is_seen(t, raw) ||
	    t->count == MAP_CHOICES_MAX ||
	    (t->of_bits ? raw >= t->bits : t->bits < 32 && raw >> t->bits != 0))
		return false;
	length = snprintf(t->out + t->used, IMPORT_VALUES_SIZE - t->used,
	    "%s%s%lu=%s", t->used > 0 ? ";" : "", t->of_bits ? "b" : "", raw,
	    text);
	if ((size_t)length >= IMPORT_VALUES_SIZE - t->used) {
		t->out[t->used] = '\0';
		return false;
	}
	t->used += (size_t)length;
	t->seen[t->count++] = raw;
	return true;
}

static bool
can_have_values(enum map_type type)
{
	return type != MAP_F32 && type != MAP_F64 && type != MAP_STRING &&
	       type != MAP_BYTES && type != MAP_DATETIME;
}

char *
import_values_read(const char *text, const struct import_row *row,
    struct import_report *report)
{
	struct taking t = { .bits = 16 * row->words,
		.of_bits = row->type == MAP_BITS16 || row->type == MAP_BITS32 };

	if (text[0] == '\0')
		return NULL;
	if (!can_have_values(row->type)) {
		import_say(report, row->line, row->name,
		    "only whole numbers and bits have values");
		return NULL;
	}
	t.out = calloc(1, IMPORT_VALUES_SIZE);
	while (t.out != NULL && *text != '\0') {
		char choice[CHOICE_SIZE];
		size_t length = strcspn(text, ";\n");

		import_word_plain(choice,
		    length + 1 < sizeof(choice) ? length + 1 : sizeof(choice),
		    text);
		if (choice[strspn(choice, " ")] != '\0' &&
		    !take_choice(&t, choice))
			import_say(report, row->line, row->name,
			    "value '%s' could not be read", choice);
		text += length + (text[length] != '\0');
	}
	if (t.used == 0) {
		free(t.out);
		return NULL;
	}
	return t.out;
}
