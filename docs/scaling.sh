#!/bin/sh
# A model of the time of a training step on 1 to 1024 processes, for three networks: prints the tables of docs/scaling.md and
# draws docs/scaling.svg. That page has the equations.
#   sh docs/scaling.sh                      # a process is a machine with 16 cores
#   SAMPLES=65536 CORES=1 sh docs/scaling.sh
#   build/tests/benchmark/scaling | MEASURED=- sh docs/scaling.sh     # with the figures of your machine
set -eu
cd "$(dirname "$0")"

# By tests/benchmark/scaling, one core of a two-core AMD EPYC (Zen 4) at 2.6 GHz; the last column is how many times as fast 16
# threads are, by the figures of a 16-core Xeon in docs/performance.md (the last network: as the second).
measured() {
  if [ -n "${MEASURED:-}" ]; then
    cat "$MEASURED"
  else
    # name, parameters, us for each sample, us for each step, us for each update, spread
    cat <<END
784-1000-10, 795010, 40.8, 0, 475, 0.032
784-4000-10 rate-coded, 3180010, 870.6, 430, 1972, 0.041
12C5-MP2-64C5-MP2-10, 29826, 495.7, 0, 29, 0.027
END
  fi
}

measured | awk -F ', *' -v "style=$(grep -o '<style>.*</style>' ../examples/neuron.svg)" -v samples="${SAMPLES:-8192}" -v cores="${CORES:-16}" -v svg=scaling.svg '
# Seconds. An addition of a parameter to a sum in memory takes 0.6 ns (tests/benchmark/threads: join).
function threads_speed(n) { return cores == 1 ? 1 : cores / 16 * (n == 1 ? 5.9 : 7.4) }
function compute(n, batch) { return (each[n] * batch + step[n]) / threads_speed(n) }
function beside(n) { return update[n] / threads_speed(n) }  # every process makes the whole update
function straggler(n, p) { return 1 + spread[n] * sqrt(2 * log(p)) }
function wire(n, p, link,   bytes, messages) {
  if (p == 1) return 0
  bytes = 2 * 4 * parameters[n] * (p - 1) / p
  messages = 2 * (link ~ /in order/ ? p - 1 : ceiling(log(p) / log(2)))
  return bytes / bandwidth[link] + messages * latency[link] + 0.6e-9 * parameters[n]
}
function ceiling(x) { return x == int(x) ? x : int(x) + 1 }
function time(n, p, batch, link) { return compute(n, ceiling(batch / p)) * straggler(n, p) + beside(n) + wire(n, p, link) }
function strong(n, p, link) { return time(n, 1, samples, link) / p / time(n, p, samples, link) }
function weak(n, p, link) { return time(n, 1, samples / 16, link) / time(n, p, samples / 16 * p, link) }

function x(p) { return left + log(p) / log(1024) * width }
function y(e) { return top + (1 - e) * height }
function text(at_x, at_y, words, anchor, color) {
  printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", at_x, at_y, anchor, color, words > svg
}
function line(n, link, dash,   p, path) {
  for (p = 1; p <= 1024; p *= 2) path = path sprintf("%s%.1f,%.1f", p > 1 ? " " : "", x(p), y(strong(n, p, link)))
  printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", path, color[n], dash > svg
}
function table(title, kind,   p, n, k, e) {
  printf "\n%s\n\n| processes |", title
  for (n = 1; n <= networks; ++n) for (k = 1; k <= 2; ++k) printf " %s, %s |", name[n], links[k]
  printf "\n|---|"
  for (n = 1; n <= 2 * networks; ++n) printf "---|"
  for (p = 1; p <= 1024; p *= 2) {
    printf "\n| %d |", p
    for (n = 1; n <= networks; ++n) for (k = 1; k <= 2; ++k) {
      e = kind == "strong" ? strong(n, p, links[k]) : weak(n, p, links[k])
      printf " %.0f %% |", 100 * e
    }
  }
  print ""
}
BEGIN {
  # Of a message, and bytes in a second: what such networks usually do.
  split("10 Gbit/s|100 Gbit/s", links, "|")
  latency["10 Gbit/s"] = 25e-6; bandwidth["10 Gbit/s"] = 1.1e9
  latency["100 Gbit/s"] = 2e-6; bandwidth["100 Gbit/s"] = 11e9
  for (k = 1; k <= 2; ++k) {
    latency[links[k] ", in order"] = latency[links[k]]; bandwidth[links[k] ", in order"] = bandwidth[links[k]]
  }
  split("#2f6fde|#e8622c|#3ba490", color, "|")
}
{
  n = ++networks
  name[n] = $1; parameters[n] = $2; each[n] = 1e-6 * $3; step[n] = 1e-6 * $4; update[n] = 1e-6 * $5; spread[n] = $6
}
END {
  table("Efficiency with " samples " samples in a batch", "strong")
  table("Efficiency with " samples / 16 " samples for each process", "weak")
  print "\nThe same batch of " samples ": the most processes at which half of the time is not lost, and the step there and alone, in ms\n"
  print "| network | 10 Gbit/s | in order | 100 Gbit/s | in order | alone |\n|---|---|---|---|---|---|"
  for (n = 1; n <= networks; ++n) {
    printf "| %s |", name[n]
    for (k = 1; k <= 4; ++k) {
      link = links[int((k + 1) / 2)] (k % 2 ? "" : ", in order")
      for (p = 1; p < samples && strong(n, p + 1, link) >= 0.5; ++p) {}
      printf " %d: %.2f |", p, 1e3 * time(n, p, samples, link)
    }
    printf " %.1f |\n", 1e3 * time(n, 1, samples, links[1])
  }

  left = 60; top = 40; width = 440; height = 280
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"380\" font-family=\"sans-serif\" font-size=\"12\">" > svg
  print style > svg
  print "<rect width=\"720\" height=\"380\" fill=\"#ffffff\"/>" > svg
  printf "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f7f8fa\"/>\n", left, top, width, height > svg
  text(left, 24, "Efficiency of a training step with " samples " samples, by a model", "start", "#1d2733")
  for (e = 0; e <= 1; e += 0.25) {
    printf "<path d=\"M%d %.1fh%d\" stroke=\"#e6e9ee\"/>\n", left, y(e), width > svg
    text(left - 8, y(e) + 4, 100 * e " %", "end", "#5b6675")
  }
  for (p = 1; p <= 1024; p *= 4) text(x(p), top + height + 18, p, "middle", "#5b6675")
  text(left + width / 2, top + height + 40, "processes with " cores (cores == 1 ? " core" : " cores") " each", "middle", "#5b6675")
  for (n = 1; n <= networks; ++n) {
    line(n, links[2], "")
    line(n, links[1], " stroke-dasharray=\"5 4\"")
    text(left + width + 14, top + 14 + 22 * n, name[n], "start", color[n])
  }
  text(left + width + 14, top + 110, "solid: 100 Gbit/s", "start", "#5b6675")
  text(left + width + 14, top + 130, "dashed: 10 Gbit/s", "start", "#5b6675")
  print "</svg>" > svg
}'
