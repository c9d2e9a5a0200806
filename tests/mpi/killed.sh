#!/bin/sh
# Processes of a training are killed, or throw; the job ends with a text, and started again, with any number of
# processes, it ends with the bits of one that was not interrupted.
#   killed.sh FOLDER JOB LAUNCHER OPTION...     the launcher's last option takes the number of processes
set -eu
folder=$1 job=$2
shift 2
mkdir -p "$folder"
cd "$folder"
rm -f ./*.safetensors ./*.tmp

fail() {
  echo "$1; the job said:"
  cat said
  exit 1
}
# runs PROCESSES ARGUMENT...: it must end well, saying that it is done.
runs() {
  processes=$1
  shift
  # shellcheck disable=SC2086
  $launcher "$processes" "$job" "$@" >said 2>&1 || fail "$processes processes with $* failed"
  grep -q '^done, ' said || fail "$processes processes with $* did not end"
}
# dies TEXT PROCESSES ARGUMENT...: it must not, saying this.
dies() {
  text=$1 processes=$2
  shift 2
  # shellcheck disable=SC2086
  if $launcher "$processes" "$job" "$@" >said 2>&1; then fail "$processes processes with $* did not fail"; fi
  grep -q "$text" said || fail "expected '$text'"
  if grep -q '^done, ' said; then fail "$processes processes with $* ended"; fi
}
launcher=$*

runs 2 whole.safetensors
dies 'signal 9\|KILLED\|Killed' 3 run.safetensors 1 47
cp run.safetensors first.safetensors
dies 'goes on behind step 40' 4 run.safetensors 3 101
if cmp -s run.safetensors first.safetensors; then fail "no checkpoint behind the first"; fi
runs 2 run.safetensors
grep -q '^goes on behind step 100' said || fail "it began anew"
cmp whole.safetensors run.safetensors || fail "the checkpoints differ"
dies 'process 1 of 2 on .* ends the job: no more digits' 2 thrown.safetensors throws
