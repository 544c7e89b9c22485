#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "io/base64.h"
#include "unit/io/temporary_folder.h"

namespace sdw::io {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMany = 1 << 20;

std::string decoded(std::string_view text) {
  const auto bytes = decode_base64(text, kMany);
  if (!bytes) return std::string(to_string(bytes.error().code));
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

// RFC 4648, section 10.
const std::pair<const char*, const char*> kVectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64, AgreesWithTheStandardsVectors) {
  for (const auto& [plain, text] : kVectors) {
    EXPECT_EQ(encode_base64(bytes_of(plain)), text);
    EXPECT_EQ(decoded(text), plain);
  }
}

TEST(Base64, GivesBackAnyBytesOfAnyLength) {
  std::mt19937 random(1);
  for (const std::size_t size :
       {1u, 2u, 3u, 1000u, 49151u, 49152u, 49153u, 3u << 20, (3u << 20) + 1, (6u << 20) + 2}) {
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    const auto back = decode_base64(encode_base64(bytes), size);
    ASSERT_TRUE(back) << size << ": " << back.error().message;
    EXPECT_TRUE(*back == bytes) << size;
  }
}

TEST(Base64, TakesBlanksAndLineBreaksAnywhere) {
  EXPECT_EQ(decoded(" Zm\r\n9v\tYg =\n= \n"), "foob");
  std::string text = encode_base64(bytes_of(std::string(200'000, 'x')));
  for (std::size_t at = 76; at < text.size(); at += 78) text.insert(at, "\r\n");
  EXPECT_EQ(decoded(text), std::string(200'000, 'x'));
}

TEST(Base64, RefusesEverythingElse) {
  for (const std::string_view text : {"Zg", "Zg=", "Zg===", "Z", "=", "====", "Zg==Zg==", "Z=g=", "Zm9v=",
                                      "Zm9-", "Zm_v", "Zm9v,", "Zm9\xff", "%5Ag==", "\"Zg==\"", "Zm9v\x01"}) {
    EXPECT_EQ(decoded(text), "input_unreadable") << text;
  }
  EXPECT_EQ(decoded(std::string_view("Zm9v\0", 5)), "input_unreadable");
}

TEST(Base64, RefusesASecondSpellingOfTheSameBytes) {
  EXPECT_EQ(decoded("Zh=="), "input_unreadable");
  EXPECT_EQ(decoded("Zm9="), "input_unreadable");
}

TEST(Base64, RefusesMoreThanTheLimitBeforeTakingMemory) {
  EXPECT_TRUE(decode_base64("Zm9v", 3));
  const auto bytes = decode_base64("Zm9vYg==", 3);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::input_too_large);
  EXPECT_THAT(bytes.error().message, HasSubstr("4 bytes in base64; at most 3"));
  EXPECT_EQ(decode_base64_picture(std::string(100'000'000, 'A')).error().code, ErrorCode::input_too_large);
}

TEST(Base64, ReadsAPictureFromADataUri) {
  for (const std::string_view text :
       {"Zm9v", "data:image/png;base64,Zm9v", "DATA:IMAGE/PNG;BASE64,Zm9v", "\n data:;base64, Zm9v\n",
        "data:text/plain;charset=utf-8;base64,Zm9v"}) {
    const auto bytes = decode_base64_picture(text);
    ASSERT_TRUE(bytes) << text << ": " << bytes.error().message;
    EXPECT_TRUE(std::ranges::equal(*bytes, bytes_of("foo"))) << text;
  }
}

TEST(Base64, RefusesUrisThatAreNotBase64Data) {
  for (const std::string_view text :
       {"data:image/png,Zm9v", "data:image/png;base64", "data:", "http://localhost/a.png", "data:base64,Zm9v",
        "", " ", "data:image/png;base64,", "file:///etc/passwd"}) {
    const auto bytes = decode_base64_picture(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::input_unreadable) << text;
  }
  EXPECT_FALSE(decode_base64_picture("data:" + std::string(1000, 'x') + ";base64,Zm9v"));
}

}  // namespace
}  // namespace sdw::io
