#!/bin/sh
# SPDX-License-Identifier: MIT
# assets.sh OUT UPLOT: gathers the page's files in the folder OUT, packs them
# and prints the C file that takes them in (see assets.h).
set -eu
out=$1
uplot=$2

type_of() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.json) echo 'application/json' ;;
	*.svg) echo 'image/svg+xml' ;;
	*) echo "assets.sh: what is $1?" >&2; exit 1 ;;
	esac
}

path_of() {
	case $1 in
	index.html) echo / ;;
	openapi.json) echo /api/v1/openapi.json ;;
	*) echo "/$1" ;;
	esac
}

hash_of() {
	sha256sum "$@" | sha256sum | cut -c1-16
}

rm -rf "$out"
mkdir -p "$out"
cp web/assets/* "$out"
{
	echo '/*'
	cat "$uplot/../LICENSE"
	echo '*/'
	cat "$uplot/uPlot.iife.min.js"
} > "$out/uplot.js"
cp "$uplot/uPlot.min.css" "$out/uplot.css"
files=$(ls "$out")
build=$(cd "$out" && hash_of $files)

echo '/* Made by web/assets.sh. */'
echo '#include "web/assets.h"'
for file in $files; do
	name=$(echo "$file" | tr .- __)
	gzip -9nk "$out/$file"
	for kind in plain gzip; do
		case $kind in
		plain) from=$out/$file ;;
		gzip) from=$out/$file.gz ;;
		esac
		label=assets_${kind}_$name
		cat <<-END
		__asm__(".section .rodata\n.global $label\n.global ${label}_end\n"
		    "$label:\n.incbin \"$from\"\n${label}_end:\n.byte 0\n.previous\n");
		extern const unsigned char ${label}[], ${label}_end[];
		END
	done
done
echo 'const struct assets_file assets_files[] = {'
for file in $files; do
	name=$(echo "$file" | tr .- __)
	type=$(type_of "$file")
	cat <<-END
	{ "$(path_of "$file")", "$file", "$type",
	  "\"$(cd "$out" && hash_of "$file")\"",
	  assets_plain_$name, assets_plain_${name}_end,
	  assets_gzip_$name, assets_gzip_${name}_end },
	END
done
cat <<END
};
const size_t assets_count = sizeof(assets_files) / sizeof(assets_files[0]);
const char assets_build[] = "$build";
END
