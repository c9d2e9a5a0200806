// Checkpoints of a training by many processes, and whether all of them train the same.
//
//     const st::Checkpoint checkpoint{{"net", net}, {"adam", adam}, {"train", train}, {"trainer", trainer}};
//     st::mpi::check_same(processes, checkpoint, {{"train data", train}, {"test data", test}});
//     st::mpi::load(processes, checkpoint, "run.safetensors");
//     trainer.on_step([&](const st::StepLog& step) {
//       if (step.step % 100 == 0) st::mpi::save(processes, checkpoint, "run.safetensors");
//     });
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/io/checkpoint.hpp>
#include <spiketape/mpi/digest.hpp>
#include <spiketape/mpi/processes.hpp>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace spiketape::inline SPIKETAPE_ABI::mpi {

namespace detail {

/// False if there is no such file; whether it can be read is another question.
inline bool exists(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return errno != ENOENT;
  std::fclose(file);
  return true;
}

/// Every entry of a checkpoint, and the data, as a short text.
inline std::map<std::string, std::string> described(const Checkpoint& checkpoint,
                                                    std::initializer_list<NamedData> data) {
  std::map<std::string, std::string> entries;
  Safetensors contents = checkpoint.contents();
  for (auto& [name, text] : contents.metadata) entries[name] = std::move(text);
  for (const Tensor& tensor : contents.tensors) {
    Digest digest;
    digest.add(tensor.bytes.data(), tensor.bytes.size());
    std::string text = text_of(name_of(tensor.type), " of shape ",
                               spiketape::detail::shape_text(tensor.shape), " and digest ", digest.text());
    if (tensor.shape.empty()) text = text_of(spiketape::detail::number_at(tensor, 0));
    entries[tensor.name] = std::move(text);
  }
  for (const NamedData& each : data) entries[std::string(each.name)] = "data of digest " + each.digest.text();
  return entries;
}

/// Lines of names and texts, which have no zeros in them.
inline std::string packed(const std::map<std::string, std::string>& entries) {
  std::string all;
  for (const auto& [name, text] : entries) ((all += name) += '\0') += text + '\0';
  return all;
}
inline std::map<std::string, std::string> unpacked(std::string_view all) {
  std::map<std::string, std::string> entries;
  const auto next = [&] {
    const std::string_view text = all.substr(0, all.find('\0'));
    all.remove_prefix(text.size() + 1);
    return std::string(text);
  };
  while (!all.empty()) {
    std::string name = next();
    entries[std::move(name)] = next();
  }
  return entries;
}

/// What differs from the entries of process 0, a line each.
inline std::string differences(const Processes& processes, const std::map<std::string, std::string>& mine,
                               const std::map<std::string, std::string>& first) {
  constexpr int most = 10;
  std::string lines;
  int count = 0;
  const auto add = [&](const std::string& name, const std::string& here, const std::string& there) {
    if (++count <= most)
      lines += text_of("\n", processes.name(), ": ", name, " is ", here, ", process 0 has ", there);
  };
  for (const auto& [name, text] : mine) {
    const auto other = first.find(name);
    if (other == first.end() || other->second != text)
      add(name, text, other == first.end() ? "none" : other->second);
  }
  for (const auto& [name, text] : first)
    if (mine.count(name) == 0) add(name, "missing", text);
  if (count > most) lines += text_of("\n", processes.name(), ": and ", count - most, " more");
  return lines;
}

}  // namespace detail

/// Throws std::runtime_error, in all processes and with all that differs, unless every part of the checkpoint
/// is the same in all: parameters, options, the state of the optimizer, the order of the batches; and the
/// data, such as Batches, which are read once: call it before a checkpoint is loaded, while no pass is under
/// way. (That versions of the library are the same Processes has checked.) Waits for all processes.
/// Allocates.
inline void check_same(const Processes& processes, const Checkpoint& checkpoint,
                       std::initializer_list<NamedData> data = {}) {
  processes.meet("check_same", {});
  const auto mine = detail::described(checkpoint, data);
  const auto first = detail::unpacked(processes.broadcast(detail::packed(mine)));
  std::string all;
  for (const std::string& lines : processes.gather(detail::differences(processes, mine, first))) all += lines;
  if (!all.empty())
    detail::raise_file({"spiketape::mpi::check_same: the processes would not train the same:", all});
}

/// Process 0 writes the checkpoint, which is that of all; see Checkpoint::save. The others return at once.
/// The file is whole or not there whenever a process dies.
inline void save(const Processes& processes, const Checkpoint& checkpoint, const std::string& path) {
  if (processes.first()) checkpoint.save(path);
}

/// Process 0 reads the file, if there is one, and hands it to all: only its machine needs it. Returns whether
/// there was one. Throws what Checkpoint::load throws, in all processes if it does not fit. Waits for all.
inline bool load(const Processes& processes, const Checkpoint& checkpoint, const std::string& path,
                 const CheckpointOptions& options = {}) {
  processes.meet("load", {});
  std::string file;  // behind a letter, if there is one
  if (processes.first() && detail::exists(path)) {
    const auto bytes = read_file(path);
    file.assign(1, 'f').append(bytes.begin(), bytes.end());
  }
  file = processes.broadcast(std::move(file));
  if (file.empty()) return false;
  const std::string name = "'" + path + "'";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(file.data() + 1);
  checkpoint.set_contents(parse_safetensors(std::span(bytes, file.size() - 1), name), name, options);
  return true;
}

}  // namespace spiketape::inline SPIKETAPE_ABI::mpi

#include <spiketape/core/pop_macros.hpp>
