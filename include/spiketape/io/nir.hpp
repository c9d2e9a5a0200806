// Files of the Neuromorphic Intermediate Representation (NIR), which are HDF5:
//
//     const st::NirGraph graph = st::read_nir("net.nir");
//     st::NirNetwork<float> net(graph, {.dt = 1e-4, .reset = st::NirReset::zero});     // io/nir_network.hpp
//     st::load_nir(layers, graph, {.dt = 1e-4, .reset = st::NirReset::zero});          // io/nir_layers.hpp
//     st::write_nir("mine.nir", st::to_nir(layers, {.dt = 1e-4}));
//
// This header needs the HDF5 library (Debian: libhdf5-dev), which the program links, in CMake with C among
// the languages of its project:
//
//     find_package(HDF5 REQUIRED COMPONENTS C)
//     target_link_libraries(app PRIVATE spiketape::spiketape HDF5::HDF5)
//
// A file has the text /version and the group /node, a graph: its type, "NIRGraph", the pairs of names /edges,
// and the group /nodes with a group for each node: its type, a text, and its arrays. Most builds of the HDF5
// library may be called by one thread at a time only. It is also the one that takes damaged files apart, and
// not all of its versions do that without fault: do not read files of strangers with an old one.
#pragma once

#include <spiketape/core/push_macros.hpp>

#include <spiketape/core/file.hpp>
#include <spiketape/io/nir_graph.hpp>
#include <spiketape/io/nir/reader.hpp>
#include <spiketape/io/nir/writer.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace spiketape::inline SPIKETAPE_ABI {

/// Parses the bytes of a NIR file; `name` stands for it in messages. Nodes, parameters and groups are sorted
/// by name, edges are in the order of the file. Allocates the result and a copy of the bytes. Throws
/// std::runtime_error, with the path of what is wrong, for what is no such file: not HDF5 or damaged, a node
/// without a type, a graph without nodes or edges, edges of nodes that are not there, texts that are not
/// UTF-8, sizes that the file cannot hold, links out of it, more than 64 graphs in each other; and for what a
/// NirGraph does not keep: arrays of texts, numbers of other types than DType has, filters other than
/// deflate.
[[nodiscard]] inline NirGraph parse_nir(std::span<const std::uint8_t> bytes, std::string_view name) {
  return detail::NirReader(bytes, name).read();
}

/// Reads a NIR file. Allocates the result and, temporarily, the bytes of the file twice. Throws
/// std::runtime_error if the file cannot be read or parse_nir rejects it.
[[nodiscard]] inline NirGraph read_nir(const std::string& path) { return parse_nir(read_file(path), path); }

/// The bytes of a NIR file; arrays are deflated at level 4. The same graph gives the same bytes with the same
/// HDF5 library. Allocates. Throws std::invalid_argument for a graph that is none: names that are empty, come
/// twice or have a '/', edges of nodes that are not there, texts that are not UTF-8, bytes that are not as
/// many as the shape takes, numbers of type BF16; std::runtime_error if the HDF5 library fails.
[[nodiscard]] inline std::string nir_bytes(const NirGraph& graph) { return detail::NirWriter().bytes(graph); }

/// Writes a NIR file: completely or, on an error, not at all, see write_file. Allocates the bytes of the
/// file. Throws std::runtime_error if the file cannot be written, and what nir_bytes throws.
inline void write_nir(const std::string& path, const NirGraph& graph) { write_file(path, nir_bytes(graph)); }

}  // namespace spiketape::inline SPIKETAPE_ABI

#include <spiketape/core/pop_macros.hpp>
