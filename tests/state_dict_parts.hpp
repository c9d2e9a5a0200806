// What the tests of state_dicts share.
#pragma once

#include <spiketape/io/state_dict.hpp>

#include "catch.hpp"
#include "errors.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace state_dict_parts {

namespace st = spiketape;

inline st::Tensor& at(st::Safetensors& contents, const std::string& name) {
  const auto found = std::find_if(contents.tensors.begin(), contents.tensors.end(),
                                  [&](const st::Tensor& tensor) { return tensor.name == name; });
  REQUIRE(found != contents.tensors.end());
  return *found;
}
inline void erase(st::Safetensors& contents, const std::string& name) {
  std::erase_if(contents.tensors, [&](const st::Tensor& tensor) { return tensor.name == name; });
}
inline st::Tensor number(const std::string& name, std::int64_t value) {
  st::Tensor tensor{name, st::DType::I64, {}, std::vector<std::uint8_t>(8)};
  for (std::size_t k = 0; k < 8; ++k)
    tensor.bytes[k] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> 8 * k);
  return tensor;
}
inline st::Tensor row(const std::string& name, const std::vector<double>& values) {
  st::Tensor tensor = st::to_tensor(
      name, st::Array<double>(Eigen::Map<const st::Row<double>>(values.data(), st::Index(values.size()))));
  tensor.shape.erase(tensor.shape.begin());
  return tensor;
}
inline bool same(const st::Safetensors& a, const st::Safetensors& b) {
  return a.tensors == b.tensors && a.metadata == b.metadata;
}
/// What a strict load of `contents` says; the network must be as before.
template <typename Network>
std::string fault(Network& net, const st::Safetensors& contents, const st::LoadOptions& options = {}) {
  const st::Safetensors before = st::state_dict(net);
  const std::string text = error_text<std::invalid_argument>([&] { st::load_state_dict(net, contents, options); });
  CHECK(same(st::state_dict(net), before));
  const std::string begin = "spiketape::load_state_dict: the contents do not fit the network\n";
  REQUIRE(text.starts_with(begin));
  return text.substr(begin.size());
}

}  // namespace state_dict_parts
