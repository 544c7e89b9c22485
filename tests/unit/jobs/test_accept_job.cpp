#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/base64.h"
#include "io/picture.h"
#include "jobs/forecast.h"
#include "jobs/job_shape.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

using contract::EventKind;
using nlohmann::json;
using ::testing::HasSubstr;

std::string picture(int width, int height) {
  const io::Picture pixels{width, height,
                           std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), 9)};
  return io::encode_base64(*io::encode_picture(pixels, io::PictureFormat::png));
}

json transform(const std::string& image) {
  return {{"operation", "image_transform"}, {"input_image", image}};
}

void expect_refused(const Result<Accepted>& result, ErrorCode code, std::string_view param) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(to_string(result.error().code), to_string(code)) << result.error().message;
  EXPECT_EQ(result.error().param, param) << result.error().message;
}

TEST(AcceptJob, says_where_the_job_stands_before_it_runs) {
  Worker worker;
  const auto first = worker.submit();
  const auto second = worker.submit();
  EXPECT_EQ(data_of(*first, EventKind::queued)[0]["position"], 1);
  EXPECT_EQ(data_of(*second, EventKind::queued)[0]["position"], 2);
  EXPECT_EQ(status_now(worker.app, *second).position, 2);
  EXPECT_TRUE(data_of(*first, EventKind::queued)[0]["eta_ms"].is_null()) << "nothing was measured yet";
}

TEST(AcceptJob, what_is_wrong_is_refused_before_anything_is_queued) {
  Worker worker;
  expect_refused(worker.try_submit({{"steps", 0}}), ErrorCode::invalid_request, "steps");
  expect_refused(worker.try_submit({{"model", "nope"}}), ErrorCode::model_not_found, "model");
  expect_refused(worker.try_submit({{"loras", json::array({{{"name", "nope"}}})}}),
                 ErrorCode::invalid_request, "loras");
  expect_refused(worker.try_submit({{"precision", "fast"}}), ErrorCode::invalid_request, "precision");
  expect_refused(accept_job(worker.app, "{", ""), ErrorCode::malformed_json, "");
  EXPECT_EQ(worker.app.queue.size(), 0u);
  EXPECT_EQ(worker.app.registry.list(std::nullopt, 10, "")->jobs.size(), 0u);
  EXPECT_TRUE(worker.try_submit({{"loras", json::array({{{"name", "ink"}}})}}).ok());
}

TEST(AcceptJob, the_precision_of_all_jobs_makes_no_variant) {
  Worker worker;
  EXPECT_EQ(worker.submit({{"precision", "exact"}})->model_key(), worker.submit()->model_key());
  EXPECT_NE(worker.submit({{"precision", "int8"}})->model_key(), worker.submit()->model_key());
}

TEST(AcceptJob, a_loaded_model_has_its_say) {
  Worker worker;
  EXPECT_TRUE(worker.try_submit({{"prompt", "check-error"}}).ok()) << "nobody to ask yet";
  ASSERT_TRUE(worker.app.models.request_load("m").ok());
  ASSERT_TRUE(eventually([&] { return worker.app.models.readiness().ready; }));
  expect_refused(worker.try_submit({{"prompt", "check-error"}}), ErrorCode::invalid_request, "steps");
}

TEST(AcceptJob, input_pictures_are_decoded_and_checked) {
  contract::Limits limits;
  limits.picture_pixels = 100 * 100;
  Worker worker({}, limits);
  const auto good = worker.try_submit(transform(picture(64, 72)));
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->job->pictures().input->height, 72);
  EXPECT_TRUE(good->job->spec().request.input_image.empty()) << "the text is not kept";
  EXPECT_TRUE(worker.try_submit(transform("data:image/jpeg;base64," + picture(64, 64))).ok());

  expect_refused(worker.try_submit(transform("%%%")), ErrorCode::input_unreadable, "input_image");
  expect_refused(worker.try_submit(transform("AAAA")), ErrorCode::input_unreadable, "input_image");
  expect_refused(worker.try_submit(transform(picture(200, 200))), ErrorCode::input_too_large, "input_image");
  const json bad_mask{{"operation", "image_inpaint"}, {"init_image", picture(8, 8)}, {"mask_image", "AAAA"}};
  expect_refused(worker.try_submit(bad_mask), ErrorCode::input_unreadable, "mask_image");
}

TEST(AcceptJob, an_input_picture_that_no_size_fits_is_named_itself) {
  Worker worker;
  for (const auto& [width, height] : {std::pair(7, 5), {63, 512}, {2500, 64}}) {
    const auto refused = worker.try_submit(transform(picture(width, height)));
    expect_refused(refused, ErrorCode::invalid_request, "input_image");
    EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(width) + " x " + std::to_string(height)));
  }
  json scaled = transform(picture(7, 5));
  scaled.update({{"width", 64}, {"height", 64}});
  EXPECT_TRUE(worker.try_submit(scaled).ok());
}

TEST(AcceptJob, what_was_ignored_is_told_at_once_and_with_the_result) {
  Worker worker;
  worker.start();
  const auto job = worker.submit({{"cfg_scale", 3}, {"steps", 1}});
  ASSERT_EQ(job->spec().request.warnings.size(), 1u);
  EXPECT_THAT(job->spec().request.warnings[0], HasSubstr("guidance_scale"));
  ASSERT_EQ(outcome(*job), "completed");
  EXPECT_EQ(data_of(*job, EventKind::complete)[0]["warnings"], json(job->spec().request.warnings));
}

TEST(AcceptJob, a_job_that_runs_tells_the_parameters_that_its_result_will_have) {
  Worker worker;
  Gate gate;
  worker.backend.on_decode = [&] { gate.pass(); };
  const auto job = worker.submit();
  EXPECT_FALSE(job->status().parameters->contains("steps")) << "the model's to choose";
  worker.start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  const json running = *job->status().parameters;
  EXPECT_EQ(running["steps"], 4);
  gate.open();
  ASSERT_EQ(outcome(*job), "completed");
  EXPECT_EQ(*job->status().parameters, running);
  EXPECT_EQ(data_of(*job, EventKind::complete)[0]["parameters"], running);
}

TEST(AcceptJob, a_retry_with_the_same_key_gets_the_same_job_even_when_the_queue_is_full) {
  Settings settings;
  settings.queue.jobs = 1;
  Worker worker(settings);
  const auto first = worker.try_submit(json::object(), "key-1");
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->replayed);
  const auto again = worker.try_submit(json::object(), "key-1");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->job, first->job);
  expect_refused(worker.try_submit({{"steps", 3}}, "key-1"), ErrorCode::invalid_request, "Idempotency-Key");
  expect_refused(worker.try_submit(json::object(), "key-2"), ErrorCode::queue_full, "");
  expect_refused(worker.try_submit(json::object(), std::string(300, 'k')), ErrorCode::invalid_request,
                 "Idempotency-Key");
  EXPECT_EQ(worker.observer.accepted, 1);
}

TEST(AcceptJob, a_full_queue_says_when_to_come_back) {
  Settings settings;
  settings.queue.jobs = 1;
  Worker worker(settings);
  worker.backend.step_time = std::chrono::milliseconds(20);
  worker.start();
  const auto running = worker.submit({{"steps", 150}});
  ASSERT_TRUE(eventually([&] { return running->status().step >= 2; }));
  ASSERT_TRUE(worker.try_submit({{"steps", 150}}).ok());
  expect_refused(worker.try_submit(), ErrorCode::queue_full, "");
  const auto seconds = retry_after(worker.app).count();
  EXPECT_GE(seconds, 2);
  EXPECT_LE(seconds, 6) << "about 148 steps of 20 ms are left";
}

TEST(AcceptJob, etas_come_from_measured_steps) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(5);
  ASSERT_TRUE(worker.app.models.request_load("m").ok());
  worker.start();
  ASSERT_EQ(outcome(*worker.submit({{"steps", 20}})), "completed");
  const auto running = worker.submit({{"steps", 100}});
  ASSERT_TRUE(eventually([&] { return running->status().step >= 2; }));
  const auto waiting = worker.submit({{"steps", 100}});
  const auto queued = data_of(*waiting, EventKind::queued);
  ASSERT_FALSE(queued.empty());
  ASSERT_TRUE(queued[0]["eta_ms"].is_number());
  EXPECT_GT(queued[0]["eta_ms"], 700) << "about 198 steps of 5 ms";
  EXPECT_LT(queued[0]["eta_ms"], 3000);
  const auto eta = running->status().eta_ms;
  ASSERT_TRUE(eta);
  EXPECT_GT(*eta, 300);
  EXPECT_LT(*eta, 1500);
}

TEST(AcceptJob, jobs_in_another_precision_have_etas_of_their_own) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(5);
  worker.start();
  ASSERT_EQ(outcome(*worker.submit({{"steps", 4}})), "completed");
  const json in_bytes{{"precision", "int8"}, {"steps", 100}};
  worker.submit(in_bytes);
  ASSERT_TRUE(eventually([&] { return worker.observer.steps > 10; }));
  const auto waiting = worker.submit(in_bytes);
  const auto eta = status_now(worker.app, *waiting).eta_ms;
  ASSERT_TRUE(eta) << "measured by the job that runs";
  EXPECT_GT(*eta, 500) << "100 steps of 5 ms";
}

TEST(AcceptJob, what_shortcuts_save_is_not_taken_off_twice) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(5);
  worker.start();
  const json cached{{"deep_cache_interval", 10}, {"steps", 20}};
  const auto job = worker.submit(cached);
  ASSERT_EQ(outcome(*job), "completed");
  const JobShape shape = shape_of(job->spec(), {}, *worker.app.models.description("m"));
  EXPECT_GE(*worker.app.times.step_ms(shape.step, 1), 5) << "as measured with them";
}

TEST(AcceptJob, an_announced_eta_is_the_one_that_is_asked_for) {
  Settings settings;
  settings.engine = {.max_batch = 1, .max_active = 4};
  Worker worker(settings);
  ASSERT_TRUE(worker.app.models.request_load("m").ok());
  ASSERT_TRUE(eventually([&] { return worker.app.models.readiness().ready; }));
  JobSpec spec;
  spec.model = "m";
  const StepShape shape = shape_of(spec, {}, *worker.app.models.description("m")).step;
  worker.app.times.record_step(shape, 1, 1000);  // alone
  worker.app.times.record_step(shape, 4, 1200);  // four in a call, which this worker never makes
  Gate gate;
  worker.backend.on_step = [&](const std::vector<FakeState>&) { gate.pass(); };
  for (int i = 0; i < 5; ++i) worker.submit({{"steps", 50}});
  const auto waiting = worker.submit({{"steps", 50}, {"count", 4}});
  worker.start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  const auto announced = data_of(*waiting, EventKind::queued).back();
  EXPECT_EQ(announced["eta_ms"], *status_now(worker.app, *waiting).eta_ms);
  gate.open();
}

TEST(AcceptJob, positions_move_up_as_the_queue_does) {
  Worker worker;
  const auto a = worker.submit();
  const auto b = worker.submit();
  const auto c = worker.submit();
  worker.start();
  ASSERT_EQ(outcome(*c), "completed");
  const auto queued = data_of(*c, EventKind::queued);
  std::vector<int> positions;
  for (const json& event : queued) positions.push_back(event["position"]);
  EXPECT_EQ(positions, (std::vector<int>{3, 2, 1}));
}

}  // namespace
}  // namespace sdw::jobs
