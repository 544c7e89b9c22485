// Reads one JSON string a line (or {"bytes": "<hex>"}) from standard input and answers each with a line of
// JSON: what the tokenizer in the folder of the first argument makes of it.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "text/clip_tokenizer.h"

namespace {

std::string text_of(const nlohmann::json& line) {
  if (line.is_string()) return line.get<std::string>();
  const std::string hex = line.at("bytes").get<std::string>();
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: probe_tokenizer FOLDER\n";
    return 2;
  }
  const auto tokenizer = sdw::text::ClipTokenizer::load(argv[1]);
  if (!tokenizer) {
    std::cerr << sdw::to_string(tokenizer.error().code) << ": " << tokenizer.error().message << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const std::string text = text_of(nlohmann::json::parse(line));
    const auto prompt = tokenizer->encode(text);
    const auto ids = tokenizer->tokenize(text);
    std::cout << nlohmann::json{{"ids", prompt.ids},
                                {"truncated", prompt.truncated},
                                {"tokens", ids},
                                {"decoded", tokenizer->decode(ids)}}
                     .dump()
              << "\n";
  }
}
