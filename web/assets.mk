# SPDX-License-Identifier: MIT
# The page's files travel inside the binary, plain and packed. uPlot comes from
# npm, by the version and hash in package-lock.json.
$B/npm/.done: web/package.json web/package-lock.json web/.npmrc
	@mkdir -p $(@D)
	@echo "  npm   uplot"
	$(Q)cp web/package.json web/package-lock.json web/.npmrc $(@D)
	$(Q)cd $(@D) && npm ci --silent && touch .done

$B/obj/assets.c: web/assets.sh $(wildcard web/assets/*) $B/npm/.done
	@mkdir -p $(@D)
	@echo "  gen   $@"
	$(Q)sh web/assets.sh $B/obj/assets $B/npm/node_modules/uplot/dist > $@.new \
		&& mv $@.new $@

$B/obj/assets.o: $B/obj/assets.c web/assets.h
	@echo "  cc    $<"
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<
