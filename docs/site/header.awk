# A header as Doxygen reads it: the comment at its head becomes the text of the file's page, as it stands; the inline
# namespaces and the words for compilers go; of what is internal only `bases` stay, the classes that public ones are derived
# from, since their members are public names. Lines keep their numbers.
#   awk -v 'bases=ConvLayer|PoolLayer' -f header.awk FILE

function show(line) {
  sub(/namespace spiketape::inline SPIKETAPE_(IO_)?ABI/, "namespace spiketape", line)
  gsub(/SPIKETAPE_(INLINE_LAMBDA|NOINLINE_LAMBDA|INLINE|NOINLINE|COLD|LIFETIMEBOUND) ?/, "", line)
  print line
}

NR == 1 && /^\/\// { head = 1; print "/** @file\n@verbatim" }
head && /^\/\// { print substr($0, 4); next }
head { print "@endverbatim */"; head = 0 }

/^namespace .*detail \{$/ { internal = 1; show($0 " /** @cond */"); next }
/^}  \/\/ namespace .*detail$/ { internal = 0; show("/** @endcond */ " $0); next }
# What stands before a class belongs to it.
internal && !base && /^(\/\/\/|template <)/ { before = before $0 "\n"; next }
internal && !base {
  base = $0 ~ "^(class|struct) (" bases ")( |$)" && $0 !~ /;$/
  if (base) before = "/** @endcond */ " before
  printf "%s", before
  before = ""
}
base && /^};/ { base = 0; show($0 " /** @cond */"); next }
{ show($0) }
