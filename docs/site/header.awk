# A header as Doxygen reads it: the comment at its head becomes the text of the file's page, as it stands; the inline
# namespaces and the words for compilers go.

NR == 1 && /^\/\// { head = 1; print "/** @file\n@verbatim" }
head && /^\/\// { print substr($0, 4); next }
head { print "@endverbatim */"; head = 0 }
{
  sub(/namespace spiketape::inline SPIKETAPE_(IO_)?ABI/, "namespace spiketape")
  gsub(/SPIKETAPE_(INLINE_LAMBDA|NOINLINE_LAMBDA|INLINE|NOINLINE|COLD|LIFETIMEBOUND) ?/, "")
  print
}
