#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "contract/job_document.h"
#include "contract/model_document.h"
#include "contract/split_document.h"

namespace sdw::contract {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

JobStatus completed() {
  JobStatus status;
  status.id = "job-1";
  status.state = JobState::completed;
  status.model = "tiny";
  status.pictures = 1;
  status.step = status.total = 4;
  status.created_at = Time(milliseconds(1'700'000'000'123));
  status.finished_at = Time(milliseconds(1'700'000'001'000));
  status.parameters = std::make_shared<const json>(json{{"prompt", "x"}});
  status.result = std::make_shared<const std::string>(R"({"image":"QQ=="})");
  return status;
}

TEST(JobDocument, tells_state_progress_times_and_result) {
  const json body = json::parse(job_document(completed()));
  EXPECT_EQ(body["id"], "job-1");
  EXPECT_EQ(body["state"], "completed");
  EXPECT_EQ(body["created_at"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(body["finished_at"], "2023-11-14T22:13:21.000Z");
  EXPECT_TRUE(body["started_at"].is_null());
  EXPECT_TRUE(body["error"].is_null());
  EXPECT_TRUE(body["position"].is_null());
  EXPECT_EQ(body["result"]["image"], "QQ==");
  EXPECT_EQ(body["image_urls"], json({"/v1/jobs/job-1/images/0"}));
}

TEST(JobDocument, a_failed_job_tells_why) {
  JobStatus status = completed();
  status.state = JobState::failed;
  status.result = nullptr;
  status.error = Error{ErrorCode::out_of_memory, "too large"};
  const json body = json::parse(job_document(status));
  EXPECT_EQ(body["error"], (json{{"message", "too large"}, {"code", "out_of_memory"}}));
  EXPECT_TRUE(body["result"].is_null());
}

TEST(JobDocument, its_parts_around_the_result_are_the_document) {
  JobStatus status = completed();
  const auto [before, after] = split_document(status);
  EXPECT_EQ(before + *status.result + after, job_document(status));
  status.result = nullptr;
  const auto [alone, end] = split_document(status);
  EXPECT_TRUE(json::parse(alone + end)["result"].is_null());
}

TEST(JobDocument, a_list_leaves_the_pictures_out) {
  const JobStatus jobs[] = {completed()};
  const json body = json::parse(job_list(jobs, "next"));
  ASSERT_EQ(body["jobs"].size(), 1u);
  EXPECT_FALSE(body["jobs"][0].contains("result"));
  EXPECT_EQ(body["next_cursor"], "next");
  EXPECT_TRUE(json::parse(job_list({}, std::nullopt))["next_cursor"].is_null());
}

TEST(JobDocument, names_of_states_are_read_back) {
  for (const char* name : {"queued", "running", "completed", "failed", "cancelled"}) {
    ASSERT_TRUE(job_state_from_name(name)) << name;
    EXPECT_EQ(to_string(*job_state_from_name(name)), name);
  }
  EXPECT_FALSE(job_state_from_name("Queued"));
}

TEST(ModelDocument, is_openais_list_with_our_fields) {
  ModelStatus model;
  model.id = "tiny";
  model.family = "sd1";
  model.state = ModelState::loaded;
  model.disk_bytes = 7;
  model.created_at = Time(std::chrono::seconds(1'700'000'000));
  const ModelStatus models[] = {model};
  const json body = json::parse(model_list(models));
  EXPECT_EQ(body["object"], "list");
  const json& entry = body["data"][0];
  EXPECT_EQ(entry["id"], "tiny");
  EXPECT_EQ(entry["object"], "model");
  EXPECT_EQ(entry["created"], 1'700'000'000);
  EXPECT_TRUE(entry["owned_by"].is_string());
  EXPECT_EQ(entry["family"], "sd1");
  EXPECT_EQ(entry["loaded"], true);
  EXPECT_EQ(entry["size_bytes"], 7);
  EXPECT_TRUE(entry["last_used"].is_null());
}

}  // namespace
}  // namespace sdw::contract
