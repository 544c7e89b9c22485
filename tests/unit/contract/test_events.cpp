#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "contract/events.h"

namespace sdw::contract {
namespace {

using nlohmann::json;

TEST(Events, type_repeats_the_name) {
  EXPECT_EQ(json::parse(event_data(QueuedEvent{2, 1500})),
            (json{{"type", "queued"}, {"position", 2}, {"eta_ms", 1500}}));
  EXPECT_EQ(json::parse(event_data(QueuedEvent{1})),
            (json{{"type", "queued"}, {"position", 1}, {"eta_ms", nullptr}}));
  EXPECT_EQ(json::parse(event_data(StartedEvent{"tiny", 18446744073709551615u, 20})),
            (json{{"type", "started"}, {"model", "tiny"}, {"seed", 18446744073709551615u}, {"steps", 20}}));
  EXPECT_EQ(json::parse(event_data(LoadingEvent{"tiny", 40})),
            (json{{"type", "loading"}, {"model", "tiny"}, {"percent", 40}}));
  EXPECT_EQ(json::parse(event_data(ProgressEvent{1, 3, 200})),
            (json{{"type", "progress"}, {"step", 1}, {"total", 3}, {"percent", 33.3}, {"eta_ms", 200}}));
  EXPECT_EQ(json::parse(event_data(CancelledEvent{"asked"})),
            (json{{"type", "cancelled"}, {"reason", "asked"}}));
  EXPECT_EQ(json::parse(event_data(Error{ErrorCode::not_finite, "NaN"})),
            (json{{"type", "error"}, {"message", "NaN"}, {"code", "not_finite"}}));
}

TEST(Events, a_preview_is_a_progress_with_a_picture) {
  const json data = json::parse(event_data(PreviewEvent{{2, 4, 10}, 0, "QUJD", io::PictureFormat::jpeg}));
  EXPECT_EQ(data["type"], "preview");
  EXPECT_EQ(data["step"], 2);
  EXPECT_EQ(data["percent"], 50.0);
  EXPECT_EQ(data["image"], "QUJD");
  EXPECT_EQ(data["format"], "jpeg");
}

TEST(Events, complete_carries_every_picture_and_where_to_fetch_it) {
  CompleteEvent event;
  event.job_id = "job-1";
  event.width = 64;
  event.height = 128;
  event.images = {{"QQ==", 5}, {"Qg==", 6}};
  event.parameters = R"({"steps":4})";
  event.timings.total_ms = 12.34567;
  const std::string text = event_data(event);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const json data = json::parse(text);
  EXPECT_EQ(data["image"], "QQ==");
  EXPECT_EQ(data["seed"], 5);
  EXPECT_EQ(data["format"], "png");
  EXPECT_EQ(data["width"], 64);
  EXPECT_EQ(data["height"], 128);
  EXPECT_EQ(data["image_url"], "/v1/jobs/job-1/images/0");
  EXPECT_EQ(data["images"].size(), 2u);
  EXPECT_EQ(data["images"][1],
            (json{{"image", "Qg=="}, {"seed", 6}, {"image_url", "/v1/jobs/job-1/images/1"}}));
  EXPECT_EQ(data["parameters"]["steps"], 4);
  for (const char* name : {"queue_ms", "text_ms", "denoise_ms", "decode_ms", "encode_ms", "total_ms"}) {
    EXPECT_TRUE(data["timings"].contains(name)) << name;
  }
  EXPECT_EQ(data["timings"]["total_ms"], 12.346);
  EXPECT_THROW(event_data(CompleteEvent{}), std::invalid_argument);
}

TEST(Events, data_is_one_line_whatever_a_message_holds) {
  EXPECT_EQ(event_data(Error{ErrorCode::model_invalid, "a\nb\r\nc"}).find_first_of("\r\n"),
            std::string::npos);
  EXPECT_EQ(closing_line(EventKind::error, "a\nb\r\nc"), "[ERROR] a b  c");
  EXPECT_EQ(closing_line(EventKind::complete, ""), "[DONE]");
  EXPECT_EQ(closing_line(EventKind::cancelled, "why"), "[CANCELLED]");
  EXPECT_THROW(closing_line(EventKind::progress, ""), std::invalid_argument);
}

}  // namespace
}  // namespace sdw::contract
