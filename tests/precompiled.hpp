// What most tests include, for a precompiled header: the headers of others, and the products, which are compiled once.
#pragma once

#include "catch.hpp"
#include "products.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>
