#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <jpeglib.h>

#include "io/codecs.h"

namespace sdw::io {
namespace {

// From here on colour is kept at full resolution: halved, it smears thin red and blue lines at any quality.
constexpr int kFullColourQuality = 90;

// See JpegReader for how errors travel.
class JpegWriter {
 public:
  JpegWriter() {
    encoder_.err = jpeg_std_error(&errors_);
    encoder_.client_data = this;
    errors_.error_exit = [](j_common_ptr common) {
      std::longjmp(static_cast<JpegWriter*>(common->client_data)->escape_, 1);
    };
    errors_.output_message = [](j_common_ptr) {};
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&encoder_);
    std::free(buffer_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  bool write(const Picture& picture, int quality) {
    if (setjmp(escape_) != 0) return false;
    jpeg_create_compress(&encoder_);
    jpeg_mem_dest(&encoder_, &buffer_, &size_);
    encoder_.image_width = static_cast<JDIMENSION>(picture.width);
    encoder_.image_height = static_cast<JDIMENSION>(picture.height);
    encoder_.input_components = 3;
    encoder_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder_);
    jpeg_set_quality(&encoder_, quality, TRUE);
    encoder_.optimize_coding = TRUE;
    if (quality >= kFullColourQuality) {
      encoder_.comp_info[0].h_samp_factor = encoder_.comp_info[0].v_samp_factor = 1;
    }
    jpeg_start_compress(&encoder_, TRUE);
    while (encoder_.next_scanline < encoder_.image_height) {
      // libjpeg's type is not const; it only reads.
      auto* row = const_cast<JSAMPROW>(picture.pixels.data()) +
                  std::size_t{encoder_.next_scanline} * static_cast<std::size_t>(picture.width) * 3;
      jpeg_write_scanlines(&encoder_, &row, 1);
    }
    jpeg_finish_compress(&encoder_);
    return true;
  }

  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(buffer_, size_)); }

 private:
  jpeg_compress_struct encoder_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf escape_{};
  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

Result<std::vector<std::byte>> encode_jpeg(const Picture& picture, int quality) {
  if (picture.width > JPEG_MAX_DIMENSION || picture.height > JPEG_MAX_DIMENSION) {
    return Error{ErrorCode::invalid_request,
                 "a picture too large for JPEG; its sides may have 65500 pixels at most"};
  }
  JpegWriter writer;
  if (!writer.write(picture, quality)) {
    return Error{ErrorCode::out_of_memory, "not enough memory to write a JPEG picture"};
  }
  const std::span<const std::byte> bytes = writer.bytes();
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

}  // namespace sdw::io
