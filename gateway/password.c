/* SPDX-License-Identifier: MIT */
#include "gateway/password.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "gateway/options.h"

enum { PASSWORD_MIN = 12, PASSWORD_SIZE = 256 };

/* Without echo where there is a terminal. */
static bool
read_line(const char *prompt, char *text, int size)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	bool got;

	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
		fprintf(stderr, "%s: ", prompt);
	}
	got = fgets(text, size, stdin) != NULL;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	if (got)
		text[strcspn(text, "\r\n")] = '\0';
	return got;
}

static const char *
read_password(char *password, int size)
{
	char again[PASSWORD_SIZE];

	if (!read_line("new password", password, size))
		return "no password given";
	if (strlen(password) < PASSWORD_MIN)
		return "too short; at least 12 characters, 15 are better";
	if (!isatty(STDIN_FILENO))
		return NULL;
	if (!read_line("once more", again, sizeof(again)) ||
	    strcmp(password, again) != 0)
		return "they differ";
	return NULL;
}

int
password_main(const struct options *options)
{
	char password[PASSWORD_SIZE] = "";
	char hash[crypto_pwhash_STRBYTES];
	const char *wrong;

	(void)options;
	if (sodium_init() < 0)
		return EX_SOFTWARE;
	wrong = read_password(password, sizeof(password));
	if (wrong == NULL && crypto_pwhash_str(hash, password, strlen(password),
				 crypto_pwhash_OPSLIMIT_INTERACTIVE,
				 crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		wrong = "not enough memory to hash it";
	sodium_memzero(password, sizeof(password));
	if (wrong != NULL) {
		fprintf(stderr, "gridshim: %s\n", wrong);
		return EX_DATAERR;
	}
	puts(hash);
	return EX_OK;
}
