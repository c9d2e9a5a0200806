# A page as Doxygen reads it: headings get the anchors that code hosts give them, links go to pages of the site, and what
# is compiled but not shown is left out.

function slug(heading) {
  gsub(/[]\['"`(),.:!?*\/<>&+=]/, "", heading)
  gsub(/ /, "-", heading)
  return tolower(heading)
}
# The name of a page of the site: that of its file.
function page_of(path) {
  if (path == "README.md" || path == "../README.md") return FILENAME ~ /examples\/README.md$/ && path == "README.md" ? "example-programs" : "index"
  if (path ~ /examples\/README.md$/) return "example-programs"
  sub(/.*\//, "", path)
  sub(/\.md$/, "", path)
  return path
}
function link_of(target,   path, anchor) {
  if (target ~ /^https?:/) return target
  path = target
  anchor = ""
  if (match(target, /#.*/)) {
    path = substr(target, 1, RSTART - 1)
    anchor = substr(target, RSTART + 1)
  }
  if (path == "") return "@ref " name "-" anchor
  if (path ~ /\.md$/) return "@ref " page_of(path) (anchor == "" ? "" : "-" anchor)
  sub(/.*\//, "", path)
  if (path ~ /\.cpp$/) {
    sub(/\.cpp$/, "_8cpp-example.html", path)
  } else if (path ~ /\.hpp$/) {
    gsub(/_/, "__", path)
    sub(/\.hpp$/, "_8hpp.html", path)
  }
  return path
}
function with_links(line,   out, target, rest) {
  out = ""
  while (match(line, /\]\([^) ]+\)/)) {
    target = substr(line, RSTART + 2, RLENGTH - 3)
    rest = substr(line, RSTART + RLENGTH)
    out = out substr(line, 1, RSTART - 1) "](" link_of(target) ")"
    line = rest
  }
  return out line
}

FNR == 1 {
  name = FILENAME
  name = name ~ /examples\/README.md$/ ? "example-programs" : name ~ /README.md$/ ? "index" : page_of(name)
}
# A link whose text began on the line before is put together.
held != "" {
  if ($0 ~ /^[^][]*\]\(/) $0 = held " " $0
  else print with_links(held)
  held = ""
}
/^<!-- cpp$/ { hidden = 1 }
hidden { if ($0 ~ /-->/) hidden = 0; next }
/^```/ { code = !code; print; next }
code { print; next }
/^# / { print name == "index" ? $0 : $0 " {#" name "}"; next }
/^##+ / {
  heading = $0
  sub(/^#+ +/, "", heading)
  print $0 " {#" name "-" slug(heading) "}"
  next
}
# Doxygen shows no code within bold text, nor within a link.
{ gsub(/\*\*`/, "`"); gsub(/`\*\*/, "`"); gsub(/\[`/, "["); gsub(/`\]\(/, "](") }
/\[[^]]*$/ { held = $0; next }
{ print with_links($0) }
END { if (held != "") print with_links(held) }
