#!/bin/sh
# Draws docs/growth.svg, the time of a training step by batch size, from the rows with 1000 hidden neurons of the table in
# docs/performance.md ("Beside a GPU"). Where the table has a range, its middle.
set -eu
cd "$(dirname "$0")"
# What makes the library's pictures dark where the viewer is.
awk -v "style=$(grep -o '<style>.*</style>' ../examples/neuron.svg)" '
function x(batch) { return left + (log(batch) - log(100)) / (log(10000) - log(100)) * width }
function y(ms) { return top + height - (log(ms) - log(1)) / (log(400) - log(1)) * height }
function text(at_x, at_y, words, anchor, color) {
  printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", at_x, at_y, anchor, color, words
}
# "name|color|shift of the name|batch ms|batch ms|..."
function series(line,   part, n, i, point, path) {
  n = split(line, part, "|")
  for (i = 4; i <= n; ++i) {
    split(part[i], point, " ")
    path = path sprintf("%s%.1f,%.1f", i > 4 ? " " : "", x(point[1]), y(point[2]))
    printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x(point[1]), y(point[2]), part[2]
  }
  printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", path, part[2]
  text(x(point[1]) + 10, y(point[2]) + 4 + part[3], part[1], "start", part[2])
}
BEGIN {
  left = 60; top = 40; width = 440; height = 280
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"380\" font-family=\"sans-serif\" font-size=\"12\">"
  print style
  print "<rect width=\"720\" height=\"380\" fill=\"#ffffff\"/>"
  printf "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#f7f8fa\"/>\n", left, top, width, height
  text(left, 24, "A training step of 784-1000-10, 25 steps, in ms", "start", "#1d2733")
  n = split("1 3 10 30 100 300", tick, " ")
  for (i = 1; i <= n; ++i) {
    printf "<path d=\"M%d %.1fh%d\" stroke=\"#e6e9ee\"/>\n", left, y(tick[i]), width
    text(left - 8, y(tick[i]) + 4, tick[i], "end", "#5b6675")
  }
  n = split("128 1024 8192", tick, " ")
  for (i = 1; i <= n; ++i) text(x(tick[i]), top + height + 18, tick[i], "middle", "#5b6675")
  text(left + width / 2, top + height + 40, "images in a batch", "middle", "#5b6675")
  series("spiketape, 1 core|#2f6fde|0|128 6.75|1024 46|8192 322")
  series("spiketape, 16 cores|#3e19ae|-5|128 1.425|1024 7.4|8192 55")
  series("snnTorch on an H200|#e8622c|5|128 39.6|1024 32|8192 45")
  series("SpikingJelly on an H200, fused|#3ba490|0|128 4.95|1024 4.8|8192 5.8")
  print "</svg>"
}' /dev/null > growth.svg
