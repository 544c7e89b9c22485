#include <gmock/gmock.h>
#include <sys/stat.h>

#include "unit/text/tiny_tokenizer.h"

namespace {

using sdw::ErrorCode;
using sdw::text::ClipTokenizer;
using testing::HasSubstr;

class TokenizerFolder : public testing::Test {
 protected:
  TokenizerFolder() { write_tiny_tokenizer(folder_); }

  void expect_refused(ErrorCode code, const char* words) const {
    const auto tokenizer = ClipTokenizer::load(folder_.path());
    ASSERT_FALSE(tokenizer.ok()) << "expected a refusal that says: " << words;
    EXPECT_EQ(to_string(tokenizer.error().code), to_string(code));
    EXPECT_THAT(tokenizer.error().message, HasSubstr(words));
    EXPECT_LT(tokenizer.error().message.size(), 1000U);
    EXPECT_THAT(tokenizer.error().message, testing::Not(HasSubstr(folder_.path().string())));
  }
  void expect_invalid(const char* words) const { expect_refused(ErrorCode::model_invalid, words); }

  TemporaryFolder folder_;
  TinyTokenizer tiny_ = tiny_tokenizer();
};

TEST_F(TokenizerFolder, MissingFilesAreNamed) {
  EXPECT_EQ(ClipTokenizer::load(folder_ / "nowhere").error().code, ErrorCode::model_not_found);
  std::filesystem::remove(folder_ / "merges.txt");
  expect_refused(ErrorCode::model_not_found, "merges.txt");
  std::filesystem::remove(folder_ / "vocab.json");
  expect_refused(ErrorCode::model_not_found, "vocab.json");
}

TEST_F(TokenizerFolder, BrokenMergesAreToldByLine) {
  folder_.write("merges.txt", "#version: 0.2\nt h\nth\xff e</w>\n");
  expect_invalid("merges.txt: line 3 is not UTF-8");
  for (const char* line : {"th", "t h e", " t", "t ", "t  h", ""}) {
    folder_.write("merges.txt", "t h\n" + std::string(line) + "\na a\n");
    expect_invalid("line 2 is not two tokens");
  }
  folder_.write("merges.txt", "t q\n");
  expect_invalid("needs the token \"tq\"");
}

TEST_F(TokenizerFolder, WindowsLineEndsAreFine) {
  folder_.write("merges.txt", "#version: 0.2\r\nt h\r\nth e</w>\r\n");
  EXPECT_EQ(load_tokenizer(folder_).tokenize("the").size(), 1U);
}

TEST_F(TokenizerFolder, BadVocabulariesAreRefused) {
  const auto with = [&](const char* token, const nlohmann::json& id) {
    auto vocabulary = tiny_.vocabulary;
    vocabulary[token] = id;
    folder_.write("vocab.json", vocabulary.dump());
  };
  for (const nlohmann::json& id :
       {nlohmann::json(-1), nlohmann::json(1.5), nlohmann::json("7"), nlohmann::json(1ULL << 40),
        nlohmann::json(~0ULL), nlohmann::json(nullptr)}) {
    with("odd", id);
    expect_invalid("the id of token \"odd\"");
  }
  with("twice", 3);
  expect_invalid("belongs to another token too");
  folder_.write("vocab.json", "[]");
  expect_invalid("vocab.json: the vocabulary is not an object");
  folder_.write("vocab.json", "{\"a\": ");
  expect_invalid("vocab.json");
  folder_.write("vocab.json", "{}");
  expect_invalid("the unk token \"<|endoftext|>\" is not in the vocabulary");
}

TEST_F(TokenizerFolder, MissingSpecialTokensAreRefused) {
  folder_.write("tokenizer_config.json", R"({"bos_token": "<start>"})");
  expect_invalid("the bos token \"<start>\" is not in the vocabulary");
  folder_.write("tokenizer_config.json", R"({"pad_token": null})");
  expect_invalid("there is no pad_token");
  folder_.write("tokenizer_config.json", R"({"eos_token": 7})");
  expect_invalid("eos_token is neither a string nor an object");
}

TEST_F(TokenizerFolder, AbsurdLengthsAreRefused) {
  for (const char* length : {"0", "2", "-1", "4097", "1e20", "77.5", "\"77\"", "[]"}) {
    folder_.write("tokenizer_config.json", std::string(R"({"model_max_length": )") + length + "}");
    expect_invalid("model_max_length");
  }
  folder_.write("tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})");
  EXPECT_EQ(load_tokenizer(folder_).max_length(), 77U) << "how transformers writes that it is not known";
}

TEST_F(TokenizerFolder, SettingsThatWouldBeIgnoredAreRefused) {
  folder_.write("tokenizer_config.json", R"({"padding_side": "left"})");
  expect_invalid("padding_side");
  folder_.write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "a"}}})");
  expect_invalid("which is not a token id");
  folder_.write("tokenizer_config.json", R"({"added_tokens_decoder": {"1": {"content": 1}}})");
  expect_invalid("no string \"content\"");
  folder_.write("tokenizer_config.json", "[1]");
  expect_invalid("tokenizer_config.json: is not a JSON object");
}

TEST_F(TokenizerFolder, TokenizerJsonIsPreferredWithMergesAsPairsOrStrings) {
  nlohmann::json file = {{"model", {{"type", "BPE"}, {"vocab", tiny_.vocabulary}}}};
  file["model"]["merges"] = nlohmann::json::parse(R"([["c", "a"]])");
  folder_.write("tokenizer.json", file.dump());
  EXPECT_EQ(load_tokenizer(folder_).tokenize("the cat").size(), 5U);
  file["model"]["merges"] = nlohmann::json::parse(R"(["t h", "th e</w>"])");
  folder_.write("tokenizer.json", file.dump());
  EXPECT_EQ(load_tokenizer(folder_).tokenize("the cat").size(), 4U);
}

TEST_F(TokenizerFolder, AMillionAddedTokensAreRefused) {
  std::string tokens = "\"a\"";
  for (int i = 0; i < 1'000'000; ++i) tokens += ",\"a\"";
  folder_.write("tokenizer_config.json", "{\"extra_special_tokens\": [" + tokens + "]}");
  expect_invalid("1000001 added tokens are more than");
}

TEST_F(TokenizerFolder, BrokenTokenizerJsonIsRefused) {
  for (const char* text :
       {"{}", "[]", R"({"model": 1})", R"({"model": {}})", R"({"model": {"type": "Unigram"}})",
        R"({"model": {"vocab": {}, "merges": 1}})", R"({"model": {"vocab": {}, "merges": [["a"]]}})",
        R"({"model": {"vocab": {}, "merges": ["a b c"]}})",
        R"({"model": {"vocab": {}, "merges": []}, "added_tokens": 1})"}) {
    folder_.write("tokenizer.json", text);
    expect_invalid("tokenizer.json");
  }
}

TEST_F(TokenizerFolder, APipeInPlaceOfAFileIsRefusedAtOnce) {
  std::filesystem::remove(folder_ / "merges.txt");
  ASSERT_EQ(::mkfifo((folder_ / "merges.txt").c_str(), 0600), 0);
  expect_invalid("merges.txt");
}

}  // namespace
