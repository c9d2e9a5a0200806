# The common part of tests/run.sh and examples/run.sh, to be sourced (POSIX sh): installs what is missing,
# then configures and builds. Says in a few lines what happens; the rest goes to log files. Takes $root, the root of
# the repository, and $CXX, the compiler, if it is set.

say() { printf 'spiketape: %s\n' "$*"; }

have() { command -v "$1" >/dev/null 2>&1; }

# --- Checks what is installed. Asks the compiler, so that its own search paths count.

# versioned NAME FROM TO: the name with each version, NAME-FROM first.
versioned() {
  version=$2
  while [ "$version" -ge "$3" ]; do
    echo "$1-$version"
    version=$((version - 1))
  done
}

default_compiler() {
  # Debian and others install compilers under their version alone, too.
  for name in c++ g++ clang++ $(versioned g++ 19 12) $(versioned clang++ 25 14); do
    if have "$name"; then
      echo "$name"
      return
    fi
  done
  echo g++
}

has_compiler() {
  for word in $compiler; do
    case $word in -*) ;; *) have "$word" || return 1 ;; esac
  done
}

has_header() {
  includes=
  for prefix in /usr /usr/local /opt/homebrew $(printf %s "${CMAKE_PREFIX_PATH:-}" | tr ':;' '  '); do
    includes="$includes -I$prefix/include/eigen3"
    case $prefix in /usr) ;; *) includes="$includes -I$prefix/include" ;; esac
  done
  # shellcheck disable=SC2086
  printf '#include <%s>\n' "$1" | $compiler $includes -std=c++20 -E -x c++ - >/dev/null 2>&1
}

has_catch() { has_header catch2/catch_all.hpp || has_header catch2/catch.hpp; }

# Debian has it in folders of its own.
has_hdf5() { has_header hdf5.h || has_header hdf5/serial/hdf5.h; }

# Whether the compiler can link a program with this flag.
has_flag() {
  linked=$(mktemp)
  # shellcheck disable=SC2086
  printf 'int main() {}\n' | $compiler "$1" -x c++ - -o "$linked" >/dev/null 2>&1 && found=0 || found=1
  rm -f "$linked"
  return $found
}

has_cmake() {
  have cmake || return 1
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
  [ "${version% *}" -gt 3 ] || [ "${version#* }" -ge 21 ]
}

has_make() { have make || have gmake || have ninja; }

# --- Collects missing packages, by this system's names.

if have apt-get; then
  manager=apt-get
elif have dnf; then
  manager=dnf
elif have brew; then
  manager=brew
else
  manager=none
fi

# need APT DNF BREW PROBE...: notes the package for this system unless the probe succeeds. "-" is no package.
need() {
  case $manager in
    dnf) package=$2 ;;
    brew) package=$3 ;;
    *) package=$1 ;;
  esac
  shift 3
  if [ "$package" != - ] && ! "$@"; then
    missing="$missing $package"
  fi
}

# The name of the compiler's program, and "-13" for g++-13.
program=
suffix=

need_compiler() {
  case $program in
    g++ | c++) need g++ gcc-c++ - has_compiler ;;
    g++-*) need "$program" - "gcc@${suffix#-}" has_compiler ;;
    clang++*) need "clang$suffix" clang - has_compiler ;;
  esac
}

need_build_tools() {
  need cmake cmake cmake has_cmake
  need make make make has_make
  need libeigen3-dev eigen3-devel eigen has_header Eigen/Core
  need zlib1g-dev zlib-devel - has_header zlib.h
  case $program in clang++*) need "libomp$suffix-dev" libomp-devel - has_flag -fopenmp ;; esac
}

need_test_libraries() {
  need catch2 catch-devel catch2 has_catch
  need nlohmann-json3-dev json-devel nlohmann-json has_header nlohmann/json.hpp
  need libhdf5-dev hdf5-devel hdf5 has_hdf5
}

need_example_libraries() { need libcli11-dev cli11-devel cli11 has_header CLI/CLI.hpp; }

need_sanitizers() {
  case $program in
    clang++*) need "libclang-rt$suffix-dev" compiler-rt - has_flag -fsanitize=address,undefined ;;
    *) need - "libasan libubsan" - has_flag -fsanitize=address,undefined ;;
  esac
}

# --- Installs. Missing packages are reported but do not stop the script: CMake fetches or leaves them out.

install_packages() {
  case $manager in
    apt-get) $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ;;
    dnf) $as_root dnf install -y "$@" ;;
    brew) brew install "$@" ;;
  esac >"$log" 2>&1
}

install_missing() {
  [ -n "$missing" ] || return 0
  as_root=
  if [ "$manager" = none ]; then
    say "please install (Debian calls it)$missing"
    return 0
  elif [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
    if ! have sudo; then
      say "please install, as root: $manager install$missing"
      return 0
    fi
    as_root=sudo
  fi
  say "installing$missing (a minute or two)"
  log=$(mktemp)
  if [ "$manager" = apt-get ]; then
    $as_root apt-get update >"$log" 2>&1 || say "apt-get update: $(tail -n 1 "$log")"
  fi
  # shellcheck disable=SC2086
  if ! install_packages $missing; then
    for package in $missing; do  # one by one: some may be unavailable
      install_packages "$package" || say "cannot install $package: $(tail -n 1 "$log")"
    done
  fi
  rm -f "$log"
}

# provide KIND...: installs the build tools and the kinds of libraries named. Stops if nothing can be built.
provide() {
  # The compiler first: the others are looked for with it.
  missing=
  need_compiler
  install_missing
  if ! has_compiler; then
    say "no compiler $compiler: install one that knows C++20 (on macOS: xcode-select --install)"
    exit 1
  fi
  missing=
  need_build_tools
  for kind in "$@"; do "need_$kind"; done
  install_missing
  if ! has_cmake; then
    say "needs cmake 3.21 or newer: see cmake.org/download, or: pip install cmake"
    exit 1
  fi
}

# --- Building.

# As many jobs as cores, but no more than one for each 2 GB of memory.
job_count() {
  cores=$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 1)
  if [ -r /proc/meminfo ]; then
    kilobytes=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
  else
    kilobytes=$(($(sysctl -n hw.memsize 2>/dev/null || echo 2147483648) / 1024))
  fi
  # The system reserves about half a GB of a machine's nominal memory.
  count=$(((kilobytes + 524288) / 2097152))
  if [ "$count" -gt "$cores" ]; then count=$cores; fi
  if [ "$count" -lt 1 ]; then count=1; fi
  echo "$count"
}

# logged NAME COMMAND...: runs a command, its output in the file $log. Where $progress is a function, a line of
# what it prints is said whenever it has changed, every few seconds at most. Stops where the command fails.
logged() {
  name=$1
  shift
  "$@" >"$log" 2>&1 &
  running=$!
  trap 'kill "$running" 2>/dev/null; exit 130' INT TERM
  said=
  waited=0
  while kill -0 "$running" 2>/dev/null; do
    sleep 0.2 2>/dev/null || sleep 1
    waited=$((waited + 1))
    if [ -n "${progress:-}" ] && [ $((waited % 50)) = 0 ]; then
      now=$($progress)
      if [ "$now" != "$said" ]; then say "$now"; fi
      said=$now
    fi
  done
  trap - INT TERM
  if ! wait "$running"; then
    grep -E 'error|\*\*\*Failed|\*\*\*Exception' "$log" | head -n 5
    printf '  ...\n'
    tail -n 30 "$log"
    say "$name failed: all it said is in $log"
    exit 1
  fi
}

compiled_files() {
  echo "compiled $(grep -c 'Building CXX' "$log") of $(grep -c '"file":' "$folder/compile_commands.json") files"
}

# configure FOLDER OPTION...: the options go to CMake.
configure() {
  folder=$1
  shift
  say "building in $folder with $compiler, $jobs at a time"
  mkdir -p "$folder"
  log=$folder/configure.log progress=
  logged "cmake" cmake -S "$root" -B "$folder" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "$@"
}

# build OPTION...: what was configured last, or with --target TARGET a part of it.
build() {
  log=$folder/build.log progress=compiled_files
  logged "the build" cmake --build "$folder" --parallel "$jobs" "$@"
}

compiler=${CXX:-$(default_compiler)}
# Of "ccache g++-13 -m32" the compiler is g++-13.
for word in $compiler; do
  case ${word##*/} in
    g++* | c++* | clang++*)
      program=${word##*/}
      case $program in *-[0-9]*) suffix=-${program##*-} ;; esac
      break
      ;;
  esac
done
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(job_count)}
