// Loops of a user behind calls that read and write files. check_behind_files.cmake sees that g++ vectorizes
// each: it compiles for size what always gets to a cold function, and a caller of one, too.
#include <spiketape/io/checkpoint.hpp>
#include <spiketape/io/npy.hpp>
#include <spiketape/io/safetensors.hpp>
#include <spiketape/io/state_dict.hpp>
#include <spiketape/nn/summary.hpp>
#include <spiketape/spiketape.hpp>
#include <spiketape/train/csv.hpp>

#include <string>

namespace st = spiketape;
using Network = st::Sequential<st::Linear<float>, st::Leaky<float>>;

#define LOOP \
  for (int i = 0; i < 1024; ++i) x[i] = 2 * x[i] + 1

// A loop on each line.
// clang-format off
void save(const Network& net, const std::string& path, float* x) { st::save(net, path); LOOP; }
void load(Network& net, const std::string& path, float* x) { st::load(net, path); LOOP; }
void save_all(const st::Checkpoint& all, const std::string& path, float* x) { all.save(path); LOOP; }
void load_all(const st::Checkpoint& all, const std::string& path, float* x) { all.load(path); LOOP; }
void save_log(const st::TrainingLog& log, const std::string& path, float* x) { st::save_csv(log, path); LOOP; }
void read_log(st::TrainingLog& log, const std::string& path, float* x) { log = st::read_csv_log(path); LOOP; }
void write_array(const st::Tensor& tensor, const std::string& path, float* x) { st::write_npy(path, tensor); LOOP; }
void read_array(st::Tensor& tensor, const std::string& path, float* x) { tensor = st::read_npy(path); LOOP; }
void write_arrays(const st::Safetensors& all, const std::string& path, float* x) { st::write_safetensors(path, all); LOOP; }
void read_arrays(st::Safetensors& all, const std::string& path, float* x) { all = st::read_safetensors(path); LOOP; }
void write_bytes(const std::string& bytes, const std::string& path, float* x) { st::write_file(path, bytes); LOOP; }
void read_bytes(std::vector<std::uint8_t>& bytes, const std::string& path, float* x) { bytes = st::read_file(path); LOOP; }
void read_digits(st::Images& images, const std::string& path, float* x) { images = st::read_images(path, path, 1.0); LOOP; }
void show(const Network& net, std::string& text, float* x) { text = st::summary(net); LOOP; }
// clang-format on
