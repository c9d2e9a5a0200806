// The one source of the version: CMake reads it here.
#pragma once

#define SPIKETAPE_VERSION_MAJOR 0
#define SPIKETAPE_VERSION_MINOR 2
#define SPIKETAPE_VERSION_PATCH 0
