#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>
#include <webp/decode.h>
#include <webp/demux.h>

#include "io/codecs.h"
#include "io/orientation.h"

namespace sdw::io {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;
using Animation = std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)>;

Error malformed() {
  return {ErrorCode::input_unreadable, "a malformed WebP picture"};
}

// The first chunk of that name; empty where there is none.
std::span<const std::byte> chunk(WebPDemuxer* demuxer, const char* name) {
  WebPChunkIterator iterator{};
  if (WebPDemuxGetChunk(demuxer, name, 1, &iterator) == 0) return {};
  const auto bytes = std::as_bytes(std::span(iterator.chunk.bytes, iterator.chunk.size));
  WebPDemuxReleaseChunkIterator(&iterator);  // the bytes lie in the input, not in the iterator
  return bytes;
}

// Whether the first frame, or its alpha channel, may be stored lossless.
bool may_be_lossless(WebPDemuxer* demuxer) {
  WebPIterator frame{};
  if (WebPDemuxGetFrame(demuxer, 1, &frame) == 0) return true;
  WebPBitstreamFeatures features{};
  const bool known = WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &features) == VP8_STATUS_OK;
  WebPDemuxReleaseIterator(&frame);
  return !known || features.format != 1 || features.has_alpha != 0;
}

int read_orientation(WebPDemuxer* demuxer) {
  const std::span<const std::byte> xmp = chunk(demuxer, "XMP ");
  return orientation_of(chunk(demuxer, "EXIF"), {reinterpret_cast<const char*>(xmp.data()), xmp.size()});
}

}  // namespace

Result<Picture> decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  const Demuxer demuxer(WebPDemuxPartial(&data, &state), &WebPDemuxDelete);
  if (!demuxer || state == WEBP_DEMUX_PARSE_ERROR) return malformed();
  if (state != WEBP_DEMUX_DONE) return Error{ErrorCode::input_unreadable, "a WebP picture that is cut short"};
  const std::uint32_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::uint32_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  if (Status size = check_size(width, height, limits); !size) return size.error();

  // A lossless picture may define 65,536 sets of codes, which is 400 MiB of tables from 700 kB. The library
  // has no bound for that, so only one such picture is decoded at a time.
  static std::mutex one_at_a_time;
  std::unique_lock<std::mutex> alone(one_at_a_time, std::defer_lock);
  if (may_be_lossless(demuxer.get())) alone.lock();

  WebPAnimDecoderOptions options{};
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const Animation animation(WebPAnimDecoderNew(&data, &options), &WebPAnimDecoderDelete);
  if (!animation) return malformed();
  // The first frame on the whole canvas, which is transparent black where the frame does not reach.
  std::uint8_t* rgba = nullptr;
  int timestamp = 0;
  if (WebPAnimDecoderGetNext(animation.get(), &rgba, &timestamp) == 0) return malformed();

  Picture picture{static_cast<int>(width), static_cast<int>(height), {}};
  picture.pixels.resize(std::size_t{width} * height * 3);
  for (std::size_t from = 0, to = 0; to < picture.pixels.size(); from += 4, to += 3) {
    std::memcpy(picture.pixels.data() + to, rgba + from, 3);
  }
  return upright(std::move(picture), read_orientation(demuxer.get()));
}

}  // namespace sdw::io
