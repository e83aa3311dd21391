/* SPDX-License-Identifier: MIT */
#include "proxy/span.h"

static bool
join(struct span *from, const struct span *next, const struct span_rules *rules)
{
	if (span_holds(from, next))
		return true;
	if (from->function != next->function ||
	    next->end - from->begin > rules->words_max ||
	    !rules->may_join(rules->context, from, next))
		return false;
	from->end = next->end;
	return true;
}

bool
span_add(struct span_list *list, const struct span *next,
    const struct span_rules *rules)
{
	if (list->count > 0 && join(&list->spans[list->count - 1], next, rules))
		return true;
	if (list->count == list->size)
		return false;
	list->spans[list->count++] = *next;
	return true;
}
