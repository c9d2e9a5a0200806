// Readers of files of events: what the bytes say, and errors that name the place.
#include <spiketape/data/gestures.hpp>
#include <spiketape/data/nmnist.hpp>

#include "catch.hpp"
#include "errors.hpp"
#include "event_bytes.hpp"
#include "temporary_folder.hpp"

#include <spiketape/core/file.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace event_files_test {

namespace st = spiketape;
using Bytes = std::vector<std::uint8_t>;
using Events = std::vector<st::CameraEvent>;

namespace {

template <typename Parse>
std::string refused(const Parse& parse, const Bytes& bytes) {
  return error_text<std::runtime_error>([&] { static_cast<void>(parse(bytes)); });
}
const auto nmnist = [](const Bytes& bytes) { return st::parse_nmnist(bytes, "a file"); };
const auto aedat = [](const Bytes& bytes) { return st::parse_aedat(bytes, "a file"); };
Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }
const auto gestures = [](std::string_view text) {
  return st::parse_gesture_labels(bytes_of(text), "a file");
};

void write(const std::string& path, const Bytes& bytes) {
  st::write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

TEST_CASE("the bytes of N-MNIST are events, stamps that overflow go on") {
  const Bytes by_hand = {1, 2, 0x80, 0x01, 0x02, 33, 0, 0x7f, 0xff, 0xff};
  CHECK(nmnist(by_hand) == Events{{258, 1, 2, true}, {0x7fffff, 33, 0, false}});
  Bytes bytes;
  add_nmnist(bytes, 3, 4, false, 8191);
  add_nmnist(bytes, 0, 240, false, 0);
  add_nmnist(bytes, 5, 6, true, 1);
  add_nmnist(bytes, 200, 240, true, 77);
  add_nmnist(bytes, 33, 33, false, 2);
  CHECK(nmnist(bytes) == Events{{8191, 3, 4, false}, {8193, 5, 6, true}, {16386, 33, 33, false}});
  CHECK(nmnist({}).empty());
  const TemporaryFolder folder;
  write(folder / "00001.bin", bytes);
  CHECK(st::read_nmnist(folder / "00001.bin") == nmnist(bytes));
  add_nmnist(bytes, 239, 179, true, 3);
  CHECK(st::parse_nmnist(bytes, "caltech", {240, 180}).size() == 4);
}

TEST_CASE("what is no N-MNIST is refused with the place") {
  Bytes bytes;
  add_nmnist(bytes, 1, 1, true, 1);
  add_nmnist(bytes, 34, 7, true, 1);
  CHECK(refused(nmnist, bytes) ==
        "spiketape::parse_nmnist: 'a file' has an event at byte 5 with x 34 and y 7, expected a sensor of 34 "
        "x 34");
  bytes[5] = 7;
  bytes[6] = 34;
  CHECK(refused(nmnist, bytes).find("x 7 and y 34") != std::string::npos);
  bytes.resize(8);
  CHECK(
      refused(nmnist, bytes) ==
      "spiketape::parse_nmnist: 'a file' has 8 bytes, expected 5 for each event: the last, at byte 5, has 3");
}

TEST_CASE("the packets of AEDAT 3.1 are events, others are counted") {
  Bytes bytes = aedat_header();
  add_packet(bytes, 1, 8, 0, 3, 2);
  add_polarity(bytes, 1, 2, true, 5);
  add_polarity(bytes, 500, 2, true, 6, false);  // what is invalid may say anything
  add_polarity(bytes, 127, 126, false, 0x7fffffff);
  add_packet(bytes, 0, 8, 0, 1, 1);  // a special event
  add_polarity(bytes, 9, 9, true, 9);
  add_packet(bytes, 3, 36, 0, 2, 2);
  bytes.resize(bytes.size() + 72);
  add_packet(bytes, 1, 8, 2, 1, 1);
  add_polarity(bytes, 0, 0, false, 7);
  add_packet(bytes, 1, 8, 0, 0, 0);
  const st::Aedat read = aedat(bytes);
  CHECK(read.events ==
        Events{{5, 1, 2, true}, {2147483647.0, 127, 126, false}, {2 * 2147483648.0 + 7, 0, 0, false}});
  CHECK(read.invalid == 1);
  CHECK(read.others == 3);
  CHECK(aedat(aedat_header()).events.empty());
  const Bytes by_hand = bytes_of("#!AER-DAT3.1\n#!END-HEADER\n");
  CHECK(aedat(by_hand).events.empty());
  bytes = aedat_header();
  add_packet(bytes, 1, 8, 0, 1, 1);
  add_polarity(bytes, 32767, 32766, true, 1);
  CHECK(st::parse_aedat(bytes, "large", {32768, 32768}).events == Events{{1, 32767, 32766, true}});
}

TEST_CASE("what is no AEDAT 3.1 is refused with the place") {
  const Bytes head = aedat_header();
  const auto packet = [&](unsigned type, std::uint32_t size, std::uint32_t overflow, std::uint32_t count,
                          std::uint32_t valid) {
    Bytes bytes = head;
    add_packet(bytes, type, size, overflow, count, valid);
    return bytes;
  };
  const std::string at =
      "spiketape::parse_aedat: 'a file' has a packet at byte " + std::to_string(head.size());
  CHECK(refused(aedat, {}) ==
        "spiketape::parse_aedat: 'a file' begins with '', expected the line #!AER-DAT3.1");
  CHECK(refused(aedat, bytes_of("#!AER-DAT2.0\n")).find("begins with '#!AER-DAT2.0'") != std::string::npos);
  CHECK(refused(aedat, bytes_of("#!AER-DAT3.11\n")).find("the line '#!AER-DAT3.11'") != std::string::npos);
  CHECK(refused(aedat, bytes_of("#!AER-DAT3.1")).find("does not end, from byte 0 on") != std::string::npos);
  CHECK(
      refused(aedat, bytes_of("#!AER-DAT3.1\n#a\n")).find("from byte 16 on, expected a line #!END-HEADER") !=
      std::string::npos);
  CHECK(refused(aedat, bytes_of("#!AER-DAT3.1\nb\n")).find("has the line 'b' in its header, at byte 13") !=
        std::string::npos);
  CHECK(refused(aedat, aedat_header("#!AER-DAT3.1", "#Format: SerializedTS"))
            .find("has the format 'SerializedTS', at byte 14, expected RAW") != std::string::npos);
  Bytes bytes = packet(1, 8, 0, 0, 0);
  bytes.pop_back();
  CHECK(refused(aedat, bytes) == at + " of 27 bytes, expected a header of 28");
  CHECK(refused(aedat, packet(1, 8, 0, 1, 1)) ==
        at + " of 1 events of 8 bytes, expected at most the 0 bytes that follow");
  CHECK(refused(aedat, packet(1, 0xffffffff, 0, 0xffffffff, 1)).find("at most the 0 bytes") !=
        std::string::npos);
  CHECK(refused(aedat, packet(1, 8, 0, 0, 1)).find("0 events and 1 valid ones") != std::string::npos);
  CHECK(refused(aedat, packet(1, 8, 0x80000000, 0, 0)).find("2147483648 overflows") != std::string::npos);
  CHECK(refused(aedat, packet(4, 0, 0, 5, 0)).find("5 events of 0 bytes") != std::string::npos);
  bytes = packet(1, 8, 0, 1, 1);
  bytes[head.size() + 16] = 2;
  CHECK(refused(aedat, bytes).find("with room for 2 events, 1 events") != std::string::npos);
  bytes = packet(1, 12, 0, 1, 1);
  bytes.resize(bytes.size() + 12);
  CHECK(refused(aedat, bytes) ==
        at + " of polarity events of 12 bytes with a stamp at byte 4 of each, expected 8 and 4");
  const std::string event = "has an event at byte " + std::to_string(head.size() + 28);
  bytes = packet(1, 8, 0, 1, 1);
  add_polarity(bytes, 128, 0, true, 1);
  CHECK(refused(aedat, bytes).find(event + " with x 128 and y 0, expected a sensor of 128 x 128") !=
        std::string::npos);
  bytes = packet(1, 8, 0, 1, 1);
  add_polarity(bytes, 1, 0, true, 0x80000000);
  CHECK(refused(aedat, bytes).find(event + " with a negative stamp") != std::string::npos);
}

TEST_CASE("gestures are cut out of a recording by their file of labels") {
  using Gestures = std::vector<st::Gesture>;
  const std::string head = "class,startTime_usec,endTime_usec\n";
  CHECK(gestures(head + "1,10,20\n11,20,20") == Gestures{{0, 10, 20}, {10, 20, 20}});
  CHECK(gestures("class,startTime_usec,endTime_usec\r\n2,0,9007199254740991\r\n") ==
        Gestures{{1, 0, 9007199254740991}});
  CHECK(gestures(head).empty());

  Bytes bytes = aedat_header();
  add_packet(bytes, 1, 8, 0, 4, 4);
  for (const std::uint32_t stamp : {5u, 10u, 19u, 20u}) add_polarity(bytes, stamp, 0, true, stamp);
  const TemporaryFolder folder;
  write(folder / "user01.aedat", bytes);
  write(folder / "user01.csv", bytes_of(head + "1,10,20\n3,20,30\n"));
  const auto cut = st::read_gestures(folder / "user01.aedat", folder / "user01.csv");
  REQUIRE(cut.count() == 2);
  CHECK(cut.recordings[0] == Events{{0, 10, 0, true}, {9, 19, 0, true}});
  CHECK(cut.recordings[1] == Events{{0, 20, 0, true}});
  CHECK(cut.labels == std::vector<int>{0, 2});

  const auto wrong = [](std::string_view text) {
    return error_text<std::runtime_error>([&] { static_cast<void>(gestures(text)); });
  };
  CHECK(wrong("class\n") ==
        "spiketape::parse_gesture_labels: 'a file', line 1, is 'class', expected "
        "class,startTime_usec,endTime_usec");
  CHECK(wrong(head + "1,2,3\n1,3,2\n") ==
        "spiketape::parse_gesture_labels: 'a file', line 3, at byte 40, is '1,3,2', expected a class from 1 "
        "on, a "
        "beginning and an end that is not before it");
  for (const char* line : {"0,1,2", "1,2", "1,2,3,4", "1,,2", "-1,2,3", "1,2,3 ", " 1,2,3", "1.5,2,3",
                           "a,1,2", "", "1,2,9007199254740992", "99999999999999999999,1,2", "1000001,1,2"}) {
    INFO(line);
    CHECK(wrong(head + line + "\n1,2,3\n").find("line 2, at byte 34") != std::string::npos);
  }
}

}  // namespace event_files_test
