# A header as Doxygen reads it: the comment at its head becomes the text of the file's page, as it stands; the inline
# namespaces and the words for compilers go; of what is internal only `bases` stay, the classes that public ones are derived
# from, since their members are public names. A comment is of all declarations up to a blank line or the next comment, as
# readers of the header take it. Lines keep their numbers.
#   awk -v 'bases=ConvLayer|PoolLayer' -f header.awk FILE

function show(line) {
  sub(/namespace spiketape::inline SPIKETAPE_(IO_)?ABI/, "namespace spiketape", line)
  gsub(/SPIKETAPE_(INLINE_LAMBDA|NOINLINE_LAMBDA|INLINE|NOINLINE|COLD|LIFETIMEBOUND) ?/, "", line)
  print prefix line
  prefix = ""
}

# Lines of a comment and its declarations are held until all are read: several become a group.
function release(  i) {
  if (declarations > 1) sub(/\/\/\//, "/** @{ */ ///", held[1])
  for (i = 1; i <= count; ++i) {
    show(held[i])
    if (declarations > 1 && i == last) prefix = "/** @} */ "
  }
  count = declarations = depth = begun = scope = 0
}
function hold(line,  code, own) {
  if (!count && line !~ /^ *\/\/\/([^<]|$)/) { show(line); return }
  if (!count) indent = match(line, /\//) - 1
  own = line ~ /^ *\/\/\//
  if (!begun && !(own && !declarations)) {
    if (match(line, /[^ ]/) != indent + 1 || line ~ /^ *([}#\/~]|(public|private|protected):)/ ||
        line ~ /= (delete|default);$/) { release(); hold(line); return }
    begun = 1
  }
  held[++count] = line
  if (own) return
  if (line ~ /^ *(class|struct|union|enum|namespace) /) scope = 1
  code = line
  gsub(/"([^"\\]|\\.)*"|'([^'\\]|\\.)'/, "", code)
  sub(/ *\/\/.*/, "", code)
  depth += gsub(/\{/, "{", code) - gsub(/\}/, "}", code)
  if (scope && depth > 0) { release(); return }  // it has comments of its own
  if (depth == 0 && code ~ /[;}]$/) { begun = scope = 0; ++declarations; last = count }
}

NR == 1 && /^\/\// { head = 1; print "/** @verbatim " substr($0, 4); next }
head && /^\/\// { print substr($0, 4); next }
head { prefix = "@endverbatim @file */ "; head = 0 }

/^namespace .*detail \{$/ { internal = 1; release(); show($0 " /** @cond */"); next }
/^}  \/\/ namespace .*detail$/ { internal = 0; release(); show("/** @endcond */ " $0); next }
# What stands before a class belongs to it.
internal && !base && /^(\/\/\/|template <)/ { before = before $0 "\n"; next }
internal && !base {
  base = $0 ~ "^(class|struct) (" bases ")( |$)" && $0 !~ /;$/
  if (base) before = "/** @endcond */ " before
  printf "%s", before
  before = ""
}
base && /^};/ { base = 0; release(); show($0 " /** @cond */"); next }
internal && !base { show($0); next }
{ hold($0) }
END { release() }
