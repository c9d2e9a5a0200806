#!/bin/sh
# The digits in C on a Cortex-M4 and M7 in an emulator: bytes, instructions for a step, and whether all spikes are the
# library's. Needs arm-none-eabi-gcc with newlib, and QEMU (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi
# qemu-system-arm).
#   sh tests/firmware/cortex_m.sh              writes the network first, with $CXX or c++
#   sh tests/firmware/cortex_m.sh FOLDER       takes digits.h and its files from there
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
if [ $# -gt 0 ]; then
  cp "$1/digits.h" "$1/digits.images" "$1/digits.spikes" "$folder"
else
  # shellcheck disable=SC2046
  "${CXX:-c++}" -std=c++20 -O2 -I "$root/include" $(pkg-config --cflags eigen3) "$here/digits.cpp" -o "$folder/write"
  "$folder/write" "$root/examples/data" "$folder"
fi
printf '#define DIGITS_IMPLEMENTATION\n#include "digits.h"\n' >"$folder/alone.c"

count=
run() { # MACHINE FLAG...
  machine=$1
  shift
  printf '\n%s\n' "$*"
  set -- -std=c99 -Wall -Wextra -Werror -mthumb -mfloat-abi=hard "$@" -I "$folder"
  arm-none-eabi-gcc "$@" -pedantic -Wconversion -c "$folder/alone.c" -o "$folder/alone.o"
  arm-none-eabi-size -A "$folder/alone.o" | awk '
    $1 ~ /^\.text/ { code += $2 } $1 ~ /^\.rodata/ { constants += $2 } $1 ~ /^\.(data|bss)/ { variables += $2 }
    END { print code " bytes of code, " constants " of constants, " variables + 0 " of variables" }'
  arm-none-eabi-gcc "$@" -DPASSES=0 -specs=rdimon.specs -T "$here/cortex_m.ld" "$here/cortex_m.c" -o "$folder/digits.elf"
  (cd "$folder" && qemu-system-arm -M "$machine" -icount shift=0 -display none -monitor none -serial none \
    -semihosting-config enable=on,target=native,arg=digits,arg=digits.images,arg=digits.spikes$count -kernel digits.elf)
}
for optimize in -O2 -Os; do
  run mps2-an386 $optimize -mcpu=cortex-m4 -mfpu=fpv4-sp-d16
  run mps2-an500 $optimize -mcpu=cortex-m7 -mfpu=fpv5-sp-d16
done
count=,arg=count # spikes that differ are no failure
run mps2-an386 -O2 -ffp-contract=fast -mcpu=cortex-m4 -mfpu=fpv4-sp-d16
