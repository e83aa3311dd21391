# SPDX-License-Identifier: MIT
# storage/schema.sql travels inside the binary, as schema_sql. An array of
# bytes, since a string literal may not be that long.
$B/obj/schema.c: storage/schema.sql storage/schema.mk
	@mkdir -p $(@D)
	@echo "  gen   $@"
	$(Q){ echo 'extern const char schema_sql[];'; \
	echo 'const char schema_sql[] = {'; \
	od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g'; \
	echo '0};'; } > $@.new && mv $@.new $@

$B/obj/schema.o: $B/obj/schema.c
	@echo "  cc    $<"
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<
