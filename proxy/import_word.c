/* SPDX-License-Identifier: MIT */
#include "proxy/import_word.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Compared without case, spaces and punctuation; umlauts as ae, oe, ue. */
static const struct {
	const char *words; /* apart by spaces, with one at each end */
	enum import_column column;
} columns[] = {
	{ " name registername register parametername parameter signal "
	  "signalname "
	  "bezeichnung registerbezeichnung variable datapoint datenpunkt ",
	    IMPORT_COLUMN_NAME },
	{ " point quantity groesse ", IMPORT_COLUMN_POINT },
	{ " fc function functioncode readfunction readfc funktion "
	  "funktionscode registertype registertyp ",
	    IMPORT_COLUMN_FUNCTION },
	{ " address addr adr registeraddress registernumber registerno "
	  "modbusaddress addressdec adresse registeradresse modbusadresse "
	  "registernummer adressedez startadresse startaddress ",
	    IMPORT_COLUMN_ADDRESS },
	{ " addresshex hex hexaddress adressehex ", IMPORT_COLUMN_ADDRESS_HEX },
	{ " count words length size registers quantityofregisters "
	  "numberofregisters anzahl laenge registeranzahl anzahlregister ",
	    IMPORT_COLUMN_COUNT },
	{ " type datatype format dataformat typ datentyp datenformat ",
	    IMPORT_COLUMN_TYPE },
	{ " wordorder order byteorder endian endianness wortfolge "
	  "wortreihenfolge ",
	    IMPORT_COLUMN_WORD_ORDER },
	{ " scale factor scaling scalefactor multiplier gain resolution faktor "
	  "skalierung skalierungsfaktor aufloesung ",
	    IMPORT_COLUMN_SCALE },
	{ " offset versatz ", IMPORT_COLUMN_OFFSET },
	{ " unit units einheit ", IMPORT_COLUMN_UNIT },
	{ " access rw readwrite permission zugriff zugriffsart ",
	    IMPORT_COLUMN_ACCESS },
	{ " writefc writefunction writefunctioncode schreibfunktion ",
	    IMPORT_COLUMN_WRITE_FUNCTION },
	{ " memory storage speicher ", IMPORT_COLUMN_MEMORY },
	{ " min minimum ", IMPORT_COLUMN_MIN },
	{ " max maximum ", IMPORT_COLUMN_MAX },
	{ " values enum enumeration choices options werte wertebereich bits ",
	    IMPORT_COLUMN_VALUES },
	{ " poll polling interval abfrage ", IMPORT_COLUMN_POLL },
	{ " meaning description remark remarks comment comments note notes "
	  "details bedeutung beschreibung bemerkung bemerkungen kommentar "
	  "anmerkung ",
	    IMPORT_COLUMN_MEANING },
	{ " confidence vertrauen ", IMPORT_COLUMN_CONFIDENCE },
	{ " default vorgabe standardwert sources source quelle quellen no nr ",
	    IMPORT_COLUMN_IGNORED },
};

static const struct {
	const char *words;
	enum map_type type;
} types[] = {
	{ " u16 uint16 uint unsigned word ushort unsignedshort uint16be "
	  "unsignedint16 unsigned16 ",
	    MAP_U16 },
	{ " s16 i16 int16 sint16 short signed signed16 integer16 int16be "
	  "signedint16 ",
	    MAP_S16 },
	{ " u32 uint32 unsigned32 ulong dword unsignedint32 uint32be ",
	    MAP_U32 },
	{ " s32 i32 int32 sint32 signed32 long signedint32 int32be ", MAP_S32 },
	{ " u64 uint64 unsigned64 unsignedint64 ", MAP_U64 },
	{ " s64 i64 int64 sint64 signed64 signedint64 ", MAP_S64 },
	{ " f32 float float32 real real32 single ieee754 floatingpoint ",
	    MAP_F32 },
	{ " f64 double float64 real64 ", MAP_F64 },
	{ " bool boolean bit coil ", MAP_BOOL },
	{ " enum16 enum ", MAP_ENUM16 },
	{ " bits16 bitfield16 bitfield bitmap16 bitmap bitmask ", MAP_BITS16 },
	{ " bits32 bitfield32 bitmap32 ", MAP_BITS32 },
	{ " bcd16 bcd ", MAP_BCD16 },
	{ " hex16 hex ", MAP_HEX16 },
	{ " string str ascii text char utf8 zeichenkette ", MAP_STRING },
	{ " bytes raw ", MAP_BYTES },
	{ " datetime ", MAP_DATETIME },
};

static const struct {
	const char *from, *to;
} letters[] = {
	{ "\xc3\xa4", "ae" },
	{ "\xc3\xb6", "oe" },
	{ "\xc3\xbc", "ue" },
	{ "\xc3\x84", "ae" },
	{ "\xc3\x96", "oe" },
	{ "\xc3\x9c", "ue" },
	{ "\xc3\x9f", "ss" },
};

/* One letter in ASCII, lower case; "" for what is none. Moves *text on. */
static void
take_letter(const char **text, char letter[3])
{
	for (size_t i = 0; i < COUNT(letters); i++) {
		if (strncmp(*text, letters[i].from, 2) == 0) {
			memcpy(letter, letters[i].to, 3);
			*text += 2;
			return;
		}
	}
	letter[0] = (char)tolower((unsigned char)**text);
	letter[isalnum((unsigned char)letter[0]) ? 1 : 0] = '\0';
	(*text)++;
}

/* " unsignedint16 ", to be looked up in a list of words. */
static void
squeeze(char *to, size_t size, const char *text)
{
	size_t used = 1;

	to[0] = ' ';
	while (*text != '\0' && used + 4 < size) {
		char letter[3];

		take_letter(&text, letter);
		for (const char *c = letter; *c != '\0'; c++)
			to[used++] = *c;
	}
	to[used++] = ' ';
	to[used] = '\0';
}

enum import_column
import_word_column(const char *heading)
{
	char word[64];

	squeeze(word, sizeof(word), heading);
	if (strcmp(word, "  ") == 0)
		return IMPORT_COLUMN_IGNORED;
	for (size_t i = 0; i < COUNT(columns); i++)
		if (strstr(columns[i].words, word) != NULL)
			return columns[i].column;
	return IMPORT_COLUMN_COUNT_OF;
}

bool
import_word_type(const char *text, enum map_type *type)
{
	char word[64];

	squeeze(word, sizeof(word), text);
	for (size_t i = 0; i < COUNT(types); i++) {
		if (word[2] != '\0' && strstr(types[i].words, word) != NULL) {
			*type = types[i].type;
			return true;
		}
	}
	return false;
}

/* 7531h */
static bool
trailing_hex(const char *text, double *value)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	if (digits == 0 || digits > 8 || (text[digits] | 0x20) != 'h' ||
	    text[digits + 1] != '\0')
		return false;
	*value = (double)strtoull(text, NULL, 16);
	return true;
}

bool
import_word_number(const char *text, double *value)
{
	char copy[40];
	char *comma, *end;

	if (trailing_hex(text, value))
		return true;
	if (strlen(text) >= sizeof(copy) ||
	    text[strspn(text, "+-.,0123456789abcdefABCDEFxX")] != '\0' ||
	    !isxdigit((unsigned char)text[strspn(text, "+-.,")]))
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	comma = strchr(copy, ',');
	if (comma != NULL && strchr(copy, '.') == NULL)
		*comma = '.';
	*value = strtod(copy, &end);
	return end != copy && *end == '\0';
}

bool
import_word_count(const char *text, unsigned *value, const char **end)
{
	char *behind;
	unsigned long number;

	text += strspn(text, " ");
	if (!isdigit((unsigned char)*text))
		return false;
	number = strtoul(
	    text, &behind, text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10);
	if (number > 1000000)
		return false;
	*value = (unsigned)number;
	*end = behind;
	return true;
}

void
import_word_snake(char *name, size_t size, const char *text)
{
	size_t used = 0;
	bool apart = false;

	while (*text != '\0' && used + 5 < size) {
		char letter[3];

		take_letter(&text, letter);
		if (letter[0] == '\0') {
			apart = used > 0;
			continue;
		}
		if (used == 0 && isdigit((unsigned char)letter[0]))
			name[used++] = 'r';
		if (apart)
			name[used++] = '_';
		apart = false;
		for (const char *c = letter; *c != '\0'; c++)
			name[used++] = *c;
	}
	name[used] = '\0';
}

/* Bytes of the character there, 0 when it is none. */
static size_t
character(const unsigned char *at)
{
	static const struct {
		unsigned char mask, is;
		size_t size;
	} rows[] = { { 0x80, 0, 1 }, { 0xe0, 0xc0, 2 }, { 0xf0, 0xe0, 3 } };

	/* U+0080 to U+009F are controls, the surrogates no characters. */
	if ((at[0] == 0xc2 && at[1] < 0xa0) || at[0] == 0xc0 || at[0] == 0xc1 ||
	    (at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] >= 0xa0) || at[0] == 0xef ||
	    (at[0] == 0xe2 && at[1] == 0x80))
		return 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if ((at[0] & rows[i].mask) != rows[i].is)
			continue;
		for (size_t k = 1; k < rows[i].size; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].size;
	}
	return 0;
}

void
import_word_plain(char *to, size_t size, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t used = 0;

	while (*at != '\0') {
		size_t bytes = character(at);

		if (used + (bytes > 0 ? bytes : 1) >= size)
			break;
		if (bytes <= 1) {
			char c = bytes == 0 ? '?' : (char)*at;

			c = c == '"' ? '\'' : c == '\\' ? '/' : c;
			to[used++] =
			    (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
			at++;
			continue;
		}
		memcpy(to + used, at, bytes);
		used += bytes;
		at += bytes;
	}
	to[used] = '\0';
}

void
import_word_lower(char *to, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text != '\0' && used + 1 < size; text++)
		to[used++] = (char)tolower((unsigned char)*text);
	to[used] = '\0';
}

static const struct {
	const char *from, *to;
} units[] = {
	{ "KW", "kW" },
	{ "KWH", "kWh" },
	{ "KVA", "kVA" },
	{ "\xc2\xb0"
	  "C",
	    "C" },
	{ "*C", "C" },
	{ "degC", "C" },
	{ "deg C", "C" },
	{ "celsius", "C" },
	{ "kvar", "kvar" },
	{ "kvarh", "kvarh" },
	{ "var", "var" },
	{ "varh", "varh" },
	{ "wh", "Wh" },
	{ "ah", "Ah" },
	{ "hz", "Hz" },
	{ "pct", "%" },
	{ "percent", "%" },
	{ "prozent", "%" },
	{ "volt", "V" },
	{ "ampere", "A" },
	{ "watt", "W" },
	{ "w", "W" },
	{ "v", "V" },
	{ "a", "A" },
	{ "sec", "s" },
	{ "secs", "s" },
	{ "second", "s" },
	{ "seconds", "s" },
	{ "sekunden", "s" },
	{ "hour", "h" },
	{ "hours", "h" },
	{ "stunden", "h" },
	{ "minute", "min" },
	{ "minutes", "min" },
	{ "minuten", "min" },
	{ "pf", "" },
	{ "cos()", "" },
	{ "none", "" },
	{ "-", "" },
};

const char *
import_word_unit(const char *text)
{
	/* mW and MW are two things: the case counts where it can. */
	if (strcmp(text, "mW") == 0 || strcmp(text, "MW") == 0)
		return text;
	for (size_t i = 0; i < COUNT(units); i++)
		if (strcasecmp(text, units[i].from) == 0)
			return units[i].to;
	return text;
}

static const struct {
	const char *from, *to;
	double factor;
	bool in_maps; /* a map may say it: nothing needs to be converted */
} conversions[] = {
	{ "kW", "W", 1e3, true },
	{ "MW", "W", 1e6, false },
	{ "mW", "W", 1e-3, true },
	{ "kvar", "var", 1e3, true },
	{ "kVA", "VA", 1e3, true },
	{ "kWh", "Wh", 1e3, true },
	{ "MWh", "Wh", 1e6, true },
	{ "GWh", "Wh", 1e9, true },
	{ "Ws", "Wh", 1.0 / 3600, false },
	{ "J", "Wh", 1.0 / 3600, false },
	{ "kvarh", "varh", 1e3, true },
	{ "mV", "V", 1e-3, true },
	{ "kV", "V", 1e3, false },
	{ "mA", "A", 1e-3, true },
	{ "mHz", "Hz", 1e-3, false },
	{ "%", "", 1e-2, false },
};

bool
import_word_fit(const char **unit, const char *base, double *scale)
{
	if (strcmp(*unit, base) == 0)
		return true;
	for (size_t i = 0; i < COUNT(conversions); i++) {
		double scaled = *scale * conversions[i].factor;

		if (strcmp(*unit, conversions[i].from) != 0 ||
		    strcmp(base, conversions[i].to) != 0)
			continue;
		if (conversions[i].in_maps)
			return true;
		if (!(fabs(scaled) >= 1e-9 && fabs(scaled) <= 1e9))
			return false;
		*scale = scaled;
		*unit = base;
		return true;
	}
	return false;
}
