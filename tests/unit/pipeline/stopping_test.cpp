// The bundled model: whoever no longer wants a result gets the device back after one convolution or layer.
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

#include "ops/op_profile.h"
#include "pipeline/generate_image.h"
#include "pipeline/latents.h"
#include "pipeline/text_embeddings.h"

namespace sdw::pipeline {
namespace {

const ModelComponents& model() {
  static const auto loaded = load_model(SDW_BUNDLED_MODEL, {});
  if (!loaded) throw std::runtime_error(loaded.error().message);
  return *loaded;
}

int calls_of(const ops::OpProfile& profile, std::string_view op) {
  int calls = 0;
  for (const auto& [key, times] : profile.times()) {
    if (key.first.starts_with(op)) calls += static_cast<int>(times.calls);
  }
  return calls;
}

// Says stop at the `last`th time it is asked, and counts the ops called between two times and after that.
struct Countdown {
  std::string_view op;
  int last;
  int asked = 0, calls_then = 0, most_between = 0;
  ops::OpProfile profile{};

  bool ask() {
    const int calls = calls_of(profile, op);
    if (asked < last) most_between = std::max(most_between, calls - calls_then);
    if (asked < last) calls_then = calls;
    asked += asked < last ? 1 : 0;
    return asked == last;
  }
  int calls_after() const { return calls_of(profile, op) - calls_then; }
};

constexpr int kNever = 1 << 20;

// `work(stop)` returns a Result.
template <class Work>
void expect_stops_everywhere(std::string_view op, const Work& work) {
  const c10::InferenceMode no_gradients;
  int asked = 0;
  {
    Countdown count{op, kNever};
    EXPECT_TRUE(work(StopCheck([&] { return count.ask(); })).ok());
    asked = count.asked;
    EXPECT_LE(count.most_between, 1) << "of " << op << " while nobody is asked";
    EXPECT_LE(count.calls_after(), 1) << "of " << op << " after the last time";
  }
  ASSERT_GE(asked, 3);
  for (int last = 1; last <= asked; ++last) {
    Countdown count{op, last};
    const auto result = work(StopCheck([&] { return count.ask(); }));
    ASSERT_FALSE(result.ok()) << "stopped at " << last << " of " << asked;
    EXPECT_EQ(result.error().code, ErrorCode::cancelled);
    EXPECT_EQ(count.calls_after(), 0) << op << " after the stop at " << last << " of " << asked;
  }
}

TEST(Stopping, the_decoder_stops_between_any_two_convolutions) {
  const at::Tensor latents = at::randn({1, model().vae.config.latent_channels, 8, 8});
  expect_stops_everywhere("conv2d 3x3",
                          [&](const StopCheck& stop) { return decode_latents(model(), latents, stop); });
}

TEST(Stopping, the_encoder_stops_between_any_two_convolutions) {
  const at::Tensor pixels = at::randn({1, 3, 64, 64}).clamp(-1, 1);
  expect_stops_everywhere("conv2d 3x3",
                          [&](const StopCheck& stop) { return encode_moments(model(), pixels, stop); });
}

TEST(Stopping, the_text_encoder_stops_between_any_two_layers) {
  expect_stops_everywhere("attention", [&](const StopCheck& stop) {
    return text_embeddings(model(), "a red circle", "blue", true, 0, stop);
  });
}

GenerationRequest small_request() {
  SamplingOptions options;
  options.width = options.height = 64;
  options.steps = 1;
  return {.prompt = "a red circle", .sampling = make_sampling_config(options, model(), 0, 0).value()};
}

TEST(Stopping, a_picture_cancelled_after_its_last_step_is_not_decoded) {
  const c10::InferenceMode no_gradients;
  const GenerationRequest request = small_request();
  const auto embeddings = text_embeddings(model(), request.prompt, {}, true, 0);
  CancelSource source;
  GenerationEvents events;
  int before = 0;
  const ops::OpProfile profile;
  events.on_denoised = [&] {
    source.cancel();
    before = calls_of(profile, "conv2d");
  };
  const auto result = generate_image(model(), request, *embeddings, source.token(), {}, events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  EXPECT_LE(calls_of(profile, "conv2d") - before, 1);
}

TEST(Stopping, a_deadline_passes_inside_the_decoder) {
  const c10::InferenceMode no_gradients;
  const GenerationRequest request = small_request();
  const auto embeddings = text_embeddings(model(), request.prompt, {}, true, 0);
  const Deadline deadline = Deadline::after(std::chrono::seconds(2));
  GenerationEvents events;
  int before = 0;
  const ops::OpProfile profile;
  events.on_denoised = [&] {
    while (!deadline.passed()) std::this_thread::sleep_until(deadline.time());
    before = calls_of(profile, "conv2d");
  };
  const auto result = generate_image(model(), request, *embeddings, {}, deadline, events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::deadline_exceeded);
  EXPECT_LE(calls_of(profile, "conv2d") - before, 1);
}

}  // namespace
}  // namespace sdw::pipeline
