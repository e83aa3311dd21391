/* SPDX-License-Identifier: MIT */
#include "proxy/errand.h"

#include <assert.h>

bool
errands_add(struct errands *errands, struct errand *errand)
{
	if (errands->count == ERRANDS_MAX)
		return false;
	errand->next = NULL;
	if (errands->count++ == 0)
		errands->first = errand;
	else
		errands->last->next = errand;
	errands->last = errand;
	return true;
}

struct errand *
errands_take(struct errands *errands)
{
	struct errand *errand = errands->first;

	if (errand == NULL)
		return NULL;
	errands->first = errand->next;
	if (--errands->count == 0)
		errands->last = NULL;
	errand->next = NULL;
	return errand;
}

bool
errands_remove(struct errands *errands, struct errand *errand)
{
	struct errand *before = NULL;

	for (struct errand *e = errands->first; e != NULL; e = e->next) {
		if (e == errand) {
			if (before == NULL)
				errands->first = e->next;
			else
				before->next = e->next;
			if (errands->last == e)
				errands->last = before;
			errands->count--;
			e->next = NULL;
			return true;
		}
		before = e;
	}
	return false;
}
