#include "request/names.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "io/printable.h"

namespace sdw::request {

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

// The class names of diffusers, with and without "Scheduler", are names too.
struct SamplerName {
  NameEntry names;
  std::string_view class_name;  // empty where another row stands for the class
};

// Aliases are AUTOMATIC1111's, ComfyUI's, diffusers', stable-diffusion.cpp's and InvokeAI's.
std::vector<SamplerName> sampler_rows() {
  return {
      {{"euler", "Euler", {"k_euler"}}, "EulerDiscreteScheduler"},
      {{"euler_a", "Euler a", {"k_euler_a", "k_euler_ancestral", "euler_ancestral"}},
       "EulerAncestralDiscreteScheduler"},
      {{"heun", "Heun", {"k_heun"}}, "HeunDiscreteScheduler"},
      {{"dpm2", "DPM2", {"k_dpm_2", "dpm_2", "kdpm_2"}}, "KDPM2DiscreteScheduler"},
      {{"dpm2_a", "DPM2 a", {"k_dpm_2_a", "k_dpm_2_ancestral", "dpm_2_ancestral", "kdpm_2_a"}},
       "KDPM2AncestralDiscreteScheduler"},
      {{"lms", "LMS", {"k_lms"}}, "LMSDiscreteScheduler"},
      {{"dpmpp_2m", "DPM++ 2M", {"k_dpmpp_2m", "dpm++2m", "dpm++2mv2", "dpmsolver++"}},
       "DPMSolverMultistepScheduler"},
      {{"dpmpp_2m_sde",
        "DPM++ 2M SDE",
        {"k_dpmpp_2m_sde", "dpmpp_2m_sde_gpu", "dpm++2m_sde", "sde-dpmsolver++"}},
       ""},
      {{"ddim", "DDIM", {}}, "DDIMScheduler"},
      {{"pndm", "PLMS", {"k_plms"}}, "PNDMScheduler"},
      {{"unipc", "UniPC", {"uni_pc", "uni_pc_bh2"}}, "UniPCMultistepScheduler"},
      {{"deis", "DEIS", {}}, "DEISMultistepScheduler"},
      {{"lcm", "LCM", {"k_lcm"}}, "LCMScheduler"},
      {{"ddpm", "DDPM", {}}, "DDPMScheduler"},
  };
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
  static const auto kNames = [] {
    constexpr std::string_view kSuffix = "Scheduler";
    std::vector<NameEntry> entries;
    for (auto& [names, class_name] : sampler_rows()) {
      if (!class_name.empty()) {
        names.aliases.push_back(class_name);
        names.aliases.push_back(class_name.substr(0, class_name.size() - kSuffix.size()));
      }
      entries.push_back(std::move(names));
    }
    return entries;
  }();
  return kNames;
}

std::span<const NameEntry> schedule_names() {
  static const std::vector<NameEntry> kNames = {
      {"model", "Automatic", {"default", "own"}},
      {"karras", "Karras", {}},
      {"exponential", "Exponential", {}},
      {"beta", "Beta", {}},
      {"sgm_uniform", "SGM Uniform", {"sgmuniform", "trailing", "simple"}},
      {"linspace", "Uniform", {"normal", "discrete"}},
      {"leading", "Leading", {}},
  };
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

}  // namespace sdw::request
