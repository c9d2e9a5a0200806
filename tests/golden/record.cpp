#include "leaky_case.hpp"
#include "neuron_case.hpp"

#include <fstream>
#include <limits>

namespace golden {

json read_group(const std::string& group) {
  std::ifstream file(std::string(SPIKETAPE_GOLDEN_DATA) + "/" + group + ".json");
  REQUIRE(file.good());
  return json::parse(file);
}

json find_case(const json& group, const std::string& name) {
  for (const json& item : group["cases"])
    if (item["name"] == name) return item;
  return nullptr;
}

Tensor::Tensor(const json& tensor) : shape(tensor["shape"].get<std::vector<Index>>()) {
  for (const json& number : tensor["data"])
    data.push_back(number.is_null() ? std::numeric_limits<double>::quiet_NaN() : number.get<double>());
}

template struct LeakyCase<float>;
template struct LeakyCase<double>;
template void compare(const subject::Subject<float>&, const json&, const std::vector<Learned<float>>&);
template void compare(const subject::Subject<double>&, const json&, const std::vector<Learned<double>>&);

}  // namespace golden
