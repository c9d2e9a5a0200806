// Moved to kernels/event_products.hpp. This path works until version 0.3.
#pragma once

#include <spiketape/kernels/event_products.hpp>
