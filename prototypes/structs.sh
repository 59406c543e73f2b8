#!/bin/sh
# Compiles prototypes/structs.c for each ABI and writes what its debugging information says.
#
# In:  TREE: a Linux source tree; clang, which compiles for every ABI; the generator, build/write_structs
# Out: prototypes/structs_ABI.txt (sctrace-prototypes(5))
#
# usage: prototypes/structs.sh TREE FOLDER WRITE_STRUCTS
set -eu

tree=$1 folder=$2 write=$3
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# What scripts/headers_install.sh takes out of the headers, or puts in.
words='-D__user= -D__force= -D__attribute_const__= -D__packed=__attribute__((packed)) -D__EXPORTED_HEADERS__'

# The architecture's headers, and for those that it has not, the generic ones.
asm_of() { # architecture
	mkdir -p "$tmp/$1/asm"
	for h in "$tree"/include/uapi/asm-generic/*.h; do
		h=${h##*/}
		[ -e "$tree/arch/$1/include/uapi/asm/$h" ] || echo "#include <asm-generic/$h>" >"$tmp/$1/asm/$h"
	done
}

# Names stand in the DWARF itself, for libraries that read it do not know how objects of MIPS refer to strings.
structs() { # ABI architecture, options of the compiler
	abi=$1 arch=$2
	shift 2
	asm_of "$arch"
	clang "$@" -g -gdwarf-4 -mllvm -dwarf-inlined-strings=Enable -ffreestanding -nostdinc -w -c -o "$tmp/$abi.o" $words \
		-isystem "$(clang -print-resource-dir)/include" -I"$here/include" -I"$tmp/$arch" \
		-I"$tree/arch/$arch/include/uapi" -I"$tree/include/uapi" "$here/structs.c"
	"$write" "$abi" "$tmp/$abi.o" >"$tmp/$abi.txt"
	mv "$tmp/$abi.txt" "$folder/structs_$abi.txt"
	echo "$folder/structs_$abi.txt: $(grep -c '^[a-z]' "$folder/structs_$abi.txt") types"
}

structs linux_x64 x86 --target=x86_64-linux-gnu
structs linux_x32 x86 --target=x86_64-linux-gnux32
structs linux_x86 x86 --target=i686-linux-gnu
structs linux_arm arm --target=arm-linux-gnueabi
structs linux_arm64 arm64 --target=aarch64-linux-gnu
structs linux_mips_o32 mips --target=mipsel-linux-gnu
