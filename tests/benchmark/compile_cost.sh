#!/bin/sh
# What the library costs a user's compiler: CPU seconds at -O2 for including all of it, for one call of a Leaky
# on an array and for the README's first program, as it stands and saving and loading its network (also where
# spiketape::io has that compiled), and how many times those are the seconds of a program that includes Eigen/Dense and
# multiplies and inverts a matrix. The least of RUNS runs. Takes some minutes.
#   sh tests/benchmark/compile_cost.sh
#   COMPILERS="g++-12 g++-13" RUNS=5 sh tests/benchmark/compile_cost.sh
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
if ! eigen=$(pkg-config --cflags eigen3); then
  echo "compile_cost.sh: needs pkg-config and Eigen (Debian: pkg-config libeigen3-dev)" >&2
  exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

cat >"$folder/eigen.cpp" <<'END'
#include <Eigen/Dense>
int main() {
  const Eigen::MatrixXf a = Eigen::MatrixXf::Random(50, 50), product = a * a;
  return product.inverse()(0, 0) > 0;
}
END
cat >"$folder/include.cpp" <<'END'
#include <spiketape/spiketape.hpp>
int main() {}
END
cat >"$folder/leaky.cpp" <<'END'
#include <spiketape/neuron/leaky.hpp>
int main() {
  const spiketape::Leaky<float> lif({.beta = 0.9f});
  const spiketape::Array<float> input = spiketape::Array<float>::Ones(1, 10);
  return lif(input).spk(0, 0) > 0;
}
END
# The first block of C++ in the README.
awk '/^```/ && inside { exit } inside { print } /^```cpp/ { inside = 1 }' "$root/README.md" >"$folder/readme.cpp"

{
  echo '#include <spiketape/io/state_dict.hpp>'
  sed '$d' "$folder/readme.cpp"
  printf '  st::save(net, "net.safetensors");\n  st::load(net, "net.safetensors");\n}\n'
} >"$folder/saves.cpp"
{
  echo '#define SPIKETAPE_IO_COMPILED'
  cat "$folder/saves.cpp"
} >"$folder/linked.cpp"

# seconds COMPILER PROGRAM: CPU seconds of the compiler and of what it starts, by the shell's own account of its
# finished children.
seconds() (
  # Unquoted: several words in the flags.
  # shellcheck disable=SC2086
  $1 -std=c++20 -O2 -I "$root/include" $eigen -c "$folder/$2.cpp" -o "$folder/$2.o" || exit 1
  times >"$folder/times"  # not through a pipe, whose shell has no children yet
  awk 'NR == 2 { split($1, user, /[ms]/); print 60 * user[1] + user[2] }' "$folder/times"
)

printf '%-10s %-10s %8s %22s\n' '' '' seconds 'times Eigen program'
for compiler in ${COMPILERS:-g++ clang++}; do
  command -v "$compiler" >/dev/null 2>&1 || continue
  : >"$folder/table"
  run=0
  while [ "$run" -lt "${RUNS:-3}" ]; do
    for program in eigen include leaky readme saves linked; do
      echo "$program $(seconds "$compiler" "$program")" >>"$folder/table"
    done
    run=$((run + 1))
  done
  awk -v compiler="$compiler" '
    !($1 in least) || $2 < least[$1] { least[$1] = $2 }
    END {
      count = split("eigen include leaky readme saves linked", programs)
      for (k = 1; k <= count; ++k)
        printf "%-10s %-10s %8.2f %22.2f\n", compiler, programs[k], least[programs[k]],
               least[programs[k]] / least["eigen"]
    }' "$folder/table"
done
