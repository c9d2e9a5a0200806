# Each link of the site leads to a file and a place that exist, and Doxygen has understood all markup.
#   awk -v folder=build/site/html -f check.awk

function fault(text) {
  print "spiketape: the site: " text > "/dev/stderr"
  failed = 1
}
function exists(name,   line) {
  if (!(name in found)) {
    found[name] = (getline line < (folder "/" name)) >= 0
    close(folder "/" name)
  }
  return found[name]
}
function read(name,   line, rest, target) {
  found[name] = 1
  while ((getline line < (folder "/" name)) > 0) {
    if (line ~ /^[@\\](section|code|endcode|ref) /) fault(name " shows " line)
    for (rest = line; match(rest, /(id|name)="[^"]*"/); rest = substr(rest, RSTART + RLENGTH)) {
      target = substr(rest, RSTART, RLENGTH)
      gsub(/^[a-z]*="|"$/, "", target)
      place[name "#" target] = 1
    }
    for (rest = line; match(rest, /(href|src|data)="[^"]*"/); rest = substr(rest, RSTART + RLENGTH)) {
      target = substr(rest, RSTART, RLENGTH)
      gsub(/^[a-z]*="|"$/, "", target)
      # Doxygen 1.9 has a link to classes within a class where all are private, 1.17 links to letters of its lists of names
      # that it does not mark.
      if (target ~ /^[a-z]+:/ || target == "#nested-classes" || target ~ /#index_/) continue
      if (target ~ /^#/) target = name target
      if (!(target in from)) from[target] = name
    }
  }
  close(folder "/" name)
}

BEGIN {
  pages = "cd '" folder "' && ls"
  while ((pages | getline name) > 0)
    if (name ~ /\.html$/) {
      read(name)
      ++count
    }
  for (target in from) {
    file = target
    sub(/#.*/, "", file)
    if (!exists(file)) fault(from[target] " leads to " target ", and there is no such file")
    else if (target ~ /html#./ && !(target in place)) fault(from[target] " leads to " target ", and there is no such place")
  }
  if (count < 10) fault("there are only " count + 0 " pages in " folder)
  exit failed
}
