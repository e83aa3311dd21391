/* SPDX-License-Identifier: MIT */
#include "proxy/errand.h"

#include <assert.h>

bool
errand_enqueue(struct errand_queue *queue, struct errand *errand)
{
	if (queue->count == ERRAND_QUEUE_MAX)
		return false;
	errand->next = NULL;
	if (queue->count++ == 0)
		queue->first = errand;
	else
		queue->last->next = errand;
	queue->last = errand;
	return true;
}

struct errand *
errand_dequeue(struct errand_queue *queue)
{
	struct errand *errand = queue->first;

	if (errand == NULL)
		return NULL;
	queue->first = errand->next;
	if (--queue->count == 0)
		queue->last = NULL;
	errand->next = NULL;
	return errand;
}

bool
errand_remove(struct errand_queue *queue, struct errand *errand)
{
	struct errand *before = NULL;

	for (struct errand *e = queue->first; e != NULL; e = e->next) {
		if (e == errand) {
			if (before == NULL)
				queue->first = e->next;
			else
				before->next = e->next;
			if (queue->last == e)
				queue->last = before;
			queue->count--;
			e->next = NULL;
			return true;
		}
		before = e;
	}
	return false;
}
