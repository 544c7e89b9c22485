#pragma once

#include <string>
#include <string_view>

namespace sdw::text {

// GPT-2's byte-level alphabet: every byte has one printable character, as which vocabularies spell it.
// Source: `bytes_to_unicode`, Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
std::string byte_to_symbol(unsigned char byte);

// The bytes a token stands for. A token with any character outside the alphabet stands for itself.
std::string token_to_bytes(std::string_view token);

}  // namespace sdw::text
