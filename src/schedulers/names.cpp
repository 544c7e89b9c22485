#include "schedulers/names.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "io/printable.h"
#include "schedulers/tables.h"

namespace sdw::schedulers {

namespace {

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool answers_to(const NameEntry& entry, std::string_view name) {
  return same(entry.id, name) || same(entry.label, name) ||
         std::any_of(entry.aliases.begin(), entry.aliases.end(),
                     [&](std::string_view alias) { return same(alias, name); });
}

template <class Row>
std::vector<NameEntry> names_of(std::span<const Row> rows) {
  std::vector<NameEntry> entries;
  for (const auto& row : rows) entries.push_back(row.names);
  return entries;
}

Result<std::string> canonical(std::span<const NameEntry> entries, std::string_view name, const char* param) {
  std::string known;
  for (const auto& entry : entries) {
    if (answers_to(entry, name)) return std::string(entry.id);
    known += (known.empty() ? "" : ", ") + std::string(entry.id);
  }
  return Error{ErrorCode::invalid_request,
               fmt::format("unknown {} {}; known are {}", param, io::printable(name, 60), known), param};
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The part before a trailing " <suffix>", or empty.
std::string_view before_suffix(std::string_view text, std::string_view suffix) {
  if (text.size() < suffix.size() + 2) return {};
  const auto split = text.size() - suffix.size();
  if (text[split - 1] != ' ' || !same(text.substr(split), suffix)) return {};
  return trimmed(text.substr(0, split - 1));
}

}  // namespace

std::span<const NameEntry> sampler_names() {
  // The class names of diffusers, with and without "Scheduler", are names too.
  static const auto kNames = [] {
    auto entries = names_of(sampler_rows());
    std::string_view last;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto class_name = sampler_rows()[i].class_name;
      if (class_name == last) continue;  // two names of one class: it stands for the first
      last = class_name;
      entries[i].aliases.push_back(class_name);
      entries[i].aliases.push_back(
          class_name.substr(0, class_name.size() - std::string_view("Scheduler").size()));
    }
    return entries;
  }();
  return kNames;
}

std::span<const NameEntry> schedule_names() {
  static const auto kNames = names_of(schedule_rows());
  return kNames;
}

Result<std::string> canonical_sampler(std::string_view name) {
  return canonical(sampler_names(), name, "sampler");
}

Result<std::string> canonical_schedule(std::string_view name) {
  return canonical(schedule_names(), name, "schedule");
}

Result<std::pair<std::string, std::string>> split_sampler_and_schedule(std::string_view name) {
  name = trimmed(name);
  if (auto whole = canonical_sampler(name)) return std::pair(*whole, std::string());
  for (const auto& entry : schedule_names()) {
    std::vector<std::string_view> suffixes = entry.aliases;
    suffixes.push_back(entry.id);
    suffixes.push_back(entry.label);
    for (const auto suffix : suffixes) {
      const auto sampler = canonical_sampler(before_suffix(name, suffix));
      if (sampler) return std::pair(*sampler, std::string(entry.id));
    }
  }
  return canonical_sampler(name).error();
}

}  // namespace sdw::schedulers
