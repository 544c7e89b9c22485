#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <fmt/format.h>
#include <string_view>

// Each of these needs what the one before it defines.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "io/codecs.h"
#include "io/orientation.h"

namespace sdw::io {
namespace {

// Baseline pictures have up to 4 scans, progressive ones about 10. A scan costs a pass over all pixels,
// however few bytes it has: so many for the largest picture, more for smaller ones. Arithmetic coding costs
// as much per pixel as it likes, whatever its bytes: such a scan counts as several.
constexpr std::int64_t kScansOfLargest = 20;
constexpr std::int64_t kMaxScans = 100;
constexpr std::int64_t kArithmeticWeight = 8;

enum class Problem { none, malformed, cut_short, too_many_scans, out_of_memory };

// libjpeg reports an error by a call that must not return, and cannot be unwound by an exception. So each
// call into it is made by a method that does setjmp and holds nothing with a destructor; the object itself
// stays whole.
class JpegReader {
 public:
  explicit JpegReader(std::span<const std::byte> bytes) : bytes_(bytes) {
    decoder_.err = jpeg_std_error(&errors_);
    decoder_.client_data = this;
    errors_.error_exit = [](j_common_ptr common) {
      auto* self = static_cast<JpegReader*>(common->client_data);
      self->stop(common->err->msg_code == JERR_OUT_OF_MEMORY ? Problem::out_of_memory : Problem::malformed);
    };
    errors_.emit_message = [](j_common_ptr common, int level) {
      if (level < 0) static_cast<JpegReader*>(common->client_data)->warn(common->err->msg_code);
    };
    errors_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = [](j_common_ptr common) {
      auto* self = static_cast<JpegReader*>(common->client_data);
      if (self->decoder_.input_scan_number > self->max_scans_) self->stop(Problem::too_many_scans);
    };
  }
  // Safe at any stage; it frees memory only and reports no errors.
  ~JpegReader() { jpeg_destroy_decompress(&decoder_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Up to the first scan; then exif() and xmp() are known.
  bool read_header() {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_decompress(&decoder_);
    decoder_.progress = &progress_;
    jpeg_mem_src(&decoder_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_set_marker_processor(&decoder_, JPEG_APP0 + 1, [](j_decompress_ptr decoder) -> boolean {
      static_cast<JpegReader*>(decoder->client_data)->read_app1();
      return TRUE;
    });
    jpeg_read_header(&decoder_, TRUE);
    return true;
  }

  // Fills `rows`, width * height pixels of `channels()` bytes each.
  bool read_pixels(std::uint8_t* rows, std::int64_t max_scans) {
    max_scans_ = max_scans;
    if (setjmp(escape_) != 0) return false;
    decoder_.out_color_space = decoder_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&decoder_);
    const std::size_t row_bytes = std::size_t{decoder_.output_width} * channels();
    while (decoder_.output_scanline < decoder_.output_height) {
      JSAMPROW row = rows + decoder_.output_scanline * row_bytes;
      jpeg_read_scanlines(&decoder_, &row, 1);
    }
    jpeg_finish_decompress(&decoder_);
    return true;
  }

  std::uint32_t width() const { return decoder_.image_width; }
  std::uint32_t height() const { return decoder_.image_height; }
  bool is_arithmetic() const { return decoder_.arith_code != FALSE; }
  int components() const { return decoder_.num_components; }
  std::size_t channels() const { return decoder_.num_components == 4 ? 4 : 3; }
  Problem problem() const { return problem_; }

  // The first segment of each kind, without its mark; empty where there is none.
  std::span<const std::byte> exif() const { return exif_; }
  std::span<const std::byte> xmp() const { return xmp_; }

 private:
  [[noreturn]] void stop(Problem problem) {
    problem_ = problem;
    std::longjmp(escape_, 1);
  }

  // Where the bytes lie is remembered. libjpeg's own list of segments takes memory for each of them, and it
  // walks the whole list to add one.
  void read_app1() {
    jpeg_source_mgr& source = *decoder_.src;
    const auto left = std::as_bytes(std::span(source.next_input_byte, source.bytes_in_buffer));
    if (left.size() < 2) stop(Problem::cut_short);
    const std::size_t size =
        std::to_integer<std::size_t>(left[0]) << 8 | std::to_integer<std::size_t>(left[1]);
    if (size < 2) stop(Problem::malformed);
    if (size > left.size()) stop(Problem::cut_short);
    keep(exif_, left.first(size).subspan(2), std::string_view("Exif\0\0", 6));
    keep(xmp_, left.first(size).subspan(2), std::string_view("http://ns.adobe.com/xap/1.0/\0", 29));
    source.next_input_byte += size;
    source.bytes_in_buffer -= size;
  }

  static void keep(std::span<const std::byte>& kept, std::span<const std::byte> segment,
                   std::string_view mark) {
    if (!kept.empty() || segment.size() < mark.size()) return;
    if (std::memcmp(segment.data(), mark.data(), mark.size()) == 0) kept = segment.subspan(mark.size());
  }

  // libjpeg paints over holes in its input and only warns. Here a picture with a hole is refused; what is
  // merely odd (bytes between segments, unusual parameters) is not. The work ends here: what follows the
  // first hole can cost as much as a sound picture.
  void warn(int code) {
    switch (code) {
      case JWRN_JPEG_EOF:
        stop(Problem::cut_short);
      case JWRN_HIT_MARKER:
      case JWRN_HUFF_BAD_CODE:
      case JWRN_ARITH_BAD_CODE:
      case JWRN_MUST_RESYNC:
        stop(Problem::malformed);
      default:
        break;
    }
  }

  std::span<const std::byte> bytes_;
  jpeg_decompress_struct decoder_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf escape_{};
  Problem problem_ = Problem::none;
  std::int64_t max_scans_ = kMaxScans;
  std::span<const std::byte> exif_;
  std::span<const std::byte> xmp_;
};

std::int64_t max_scans_of(const JpegReader& reader, const DecodeLimits& limits) {
  const std::int64_t weight = reader.is_arithmetic() ? kArithmeticWeight : 1;
  const std::int64_t cost = std::int64_t{reader.width()} * reader.height() * weight;
  return std::clamp(kScansOfLargest * limits.max_pixels / cost, std::int64_t{1}, kMaxScans);
}

Error failure(Problem problem, std::int64_t max_scans = kMaxScans) {
  switch (problem) {
    case Problem::out_of_memory:
      return {ErrorCode::out_of_memory, "not enough memory for a JPEG picture"};
    case Problem::cut_short:
      return {ErrorCode::input_unreadable, "a JPEG picture that is cut short"};
    case Problem::too_many_scans:
      return {ErrorCode::input_unreadable, fmt::format("a JPEG picture with more than {} scans", max_scans)};
    default:
      return {ErrorCode::input_unreadable, "a malformed JPEG picture"};
  }
}

int read_orientation(const JpegReader& reader) {
  const std::span<const std::byte> xmp = reader.xmp();
  return orientation_of(reader.exif(), {reinterpret_cast<const char*>(xmp.data()), xmp.size()});
}

// In place, 4 bytes a pixel to 3. As Adobe's programs write it (and PIL assumes), 0 is full ink.
void rgb_from_inverted_cmyk(std::vector<std::uint8_t>& pixels) {
  std::size_t to = 0;
  for (std::size_t from = 0; from + 3 < pixels.size(); from += 4) {
    const int white = pixels[from + 3];
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const int ink = (255 - pixels[from + channel]) * white + 128;
      const int share = ((ink >> 8) + ink) >> 8;  // ink / 255, rounded
      pixels[to++] = static_cast<std::uint8_t>(std::max(white - share, 0));
    }
  }
  pixels.resize(to);
}

}  // namespace

Result<Picture> decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  JpegReader reader(bytes);
  if (!reader.read_header()) return failure(reader.problem());
  if (Status size = check_size(reader.width(), reader.height(), limits); !size) return size.error();
  if (reader.components() != 1 && reader.components() != 3 && reader.components() != 4) {
    return Error{ErrorCode::input_unreadable,
                 fmt::format("a JPEG picture of {} channels", reader.components())};
  }
  const int orientation = read_orientation(reader);
  Picture picture{static_cast<int>(reader.width()), static_cast<int>(reader.height()), {}};
  picture.pixels.resize(std::size_t{reader.width()} * reader.height() * reader.channels());
  const std::int64_t max_scans = max_scans_of(reader, limits);
  if (!reader.read_pixels(picture.pixels.data(), max_scans)) return failure(reader.problem(), max_scans);
  if (reader.channels() == 4) rgb_from_inverted_cmyk(picture.pixels);
  return upright(std::move(picture), orientation);
}

}  // namespace sdw::io
