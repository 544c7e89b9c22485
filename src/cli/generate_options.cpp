#include "cli/generate_options.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "cli/field_flags.h"
#include "request/names.h"
#include "request/sampling_fields.h"

namespace sdw::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxCount = 64;
constexpr double kMaxLoraStrength = 10;

Error usage(std::string param, std::string message) {
  return {ErrorCode::invalid_request, std::move(message), std::move(param)};
}

std::optional<int> cuda_index(std::string_view device) {
  if (device == "cuda") return 0;
  constexpr std::string_view kPrefix = "cuda:";
  if (!device.starts_with(kPrefix)) return std::nullopt;
  int index = -1;
  const auto* end = device.data() + device.size();
  const auto parsed = std::from_chars(device.data() + kPrefix.size(), end, index);
  if (parsed.ec != std::errc() || parsed.ptr != end || index < 0) return std::nullopt;
  return index;
}

Result<at::Device> parse_device(const std::string& name) {
  const int gpus = gpu_count();
  if (name == "auto") return gpus > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  if (name == "cpu") return at::Device(at::kCPU);
  const auto index = cuda_index(name);
  if (!index) {
    return usage("device", fmt::format("--device must be cpu, cuda, cuda:N or auto, got '{}'", name));
  }
  if (*index >= gpus) {
    return Error{
        ErrorCode::device_unavailable,
        fmt::format("there is no CUDA device {}: {} found (a build without CUDA=1 finds none)", *index, gpus),
        "device"};
  }
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(*index));
}

// "DPM++ 2M Karras" names a schedule too; --schedule goes before it.
Status split_sampler_name(request::SamplingOptions& sampling) {
  if (sampling.sampler.empty()) return ok_status();
  auto names = request::split_sampler_and_schedule(sampling.sampler);
  if (!names) return names.error();
  sampling.sampler = names->first;
  if (sampling.schedule.empty()) sampling.schedule = names->second;
  return ok_status();
}

}  // namespace

int gpu_count() {
  return at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0;
}

Result<std::optional<std::uint64_t>> parse_seed(std::string_view text) {
  if (text.empty() || text == "-1") return std::optional<std::uint64_t>();
  std::uint64_t seed = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return usage("seed", fmt::format("seed must be a whole number from 0 to 2^64-1, or -1, got '{}'", text));
  }
  return std::optional(seed);
}

Result<pipeline::LoraChoice> parse_lora(const std::string& text) {
  pipeline::LoraChoice lora{text};
  const auto equals = text.rfind('=');
  if (equals == std::string::npos) return lora;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + equals + 1, end, lora.strength);
  if (parsed.ec != std::errc() || parsed.ptr != end || !(std::abs(lora.strength) <= kMaxLoraStrength)) {
    return usage(
        "lora",
        fmt::format("--lora must be FILE or FILE=STRENGTH with a strength from -{0} to {0}, got '{1}'",
                    kMaxLoraStrength, text));
  }
  lora.file = text.substr(0, equals);
  return lora;
}

void add_generate_options(CLI::App& command, GenerateOptions& options) {
  command.add_option("--model", options.model, "diffusers folder or single-file checkpoint (.safetensors)")
      ->required();
  command.add_option("--prompt", options.prompt, "what the picture shows")->required();
  command.add_option("--negative-prompt", options.negative_prompt,
                     "what it must not show (guidance above 1 only)");
  command.add_option("--seed", options.seed, "0..2^64-1; drawn and printed where absent or -1")
      ->type_name("UINT64");
  add_field_flags(command, request::sampling_fields(), options.sampling);
  command.add_option("--count", options.count, "pictures, with seeds seed, seed+1, ...")
      ->capture_default_str();
  command.add_option("--lora", options.loras, "FILE[=STRENGTH] to add to the model; may repeat")
      ->allow_extra_args(false);
  command.add_option("--input-image", options.input_image, "picture to start from");
  command.add_option("--mask-image", options.mask_image, "mask for the input picture; white is repainted");
  command.add_option("--device", options.device, "cpu, cuda, cuda:N or auto")->capture_default_str();
  command.add_option("--precision", options.precision, "exact (float32), fast (16 bits) or int8 (8 bits)")
      ->capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads (default: one per core)");
  command.add_option("--output", options.output, "file to write: .png, .jpg or .webp")->capture_default_str();
  command.add_option("--quality", options.quality, "1..100, for .jpg and .webp")->capture_default_str();
  command.add_flag("--json", options.json, "print one line of JSON to standard output");
}

Status check_generate_options(GenerateOptions& options) {
  if (options.count < 1 || options.count > kMaxCount) {
    return usage("count", fmt::format("count must be from 1 to {}, got {}", kMaxCount, options.count));
  }
  if (auto seed = parse_seed(options.seed); !seed) return seed.error();
  for (const std::string& text : options.loras) {
    if (auto lora = parse_lora(text); !lora) return lora.error();
  }
  if (options.threads < 0) {
    return usage("threads", fmt::format("threads must be at least 1, got {}", options.threads));
  }
  if (options.quality < 1 || options.quality > 100) {
    return usage("quality", fmt::format("quality must be from 1 to 100, got {}", options.quality));
  }
  if (!options.mask_image.empty() && options.input_image.empty()) {
    return usage("input-image", "--mask-image needs --input-image");
  }
  if (options.sampling.strength && options.input_image.empty()) {
    return usage("strength", "--strength needs --input-image");
  }
  using request::Operation;
  options.sampling.operation = !options.mask_image.empty()    ? Operation::image_inpaint
                               : !options.input_image.empty() ? Operation::image_transform
                                                              : Operation::image_generation;
  if (auto format = output_format(options); !format) return format.error();
  std::error_code ignored;
  const auto folder = options.output.parent_path();
  if (!folder.empty() && !fs::is_directory(folder, ignored)) {
    return usage("output", fmt::format("there is no folder {} to write to", folder.string()));
  }
  if (auto status = split_sampler_name(options.sampling); !status) return status;
  return request::check_sampling_options(options.sampling);
}

Result<ops::Placement> parse_placement(const std::string& device_name, const std::string& precision) {
  auto device = parse_device(device_name);
  if (!device) return device.error();
  ops::Placement placement{.device = *device};
  if (precision == "exact") return placement;
  if (precision != "fast" && precision != "int8") {
    return usage("precision", fmt::format("--precision must be exact, fast or int8, got '{}'", precision));
  }
  placement.precision = precision == "fast" ? ops::Precision::fast : ops::Precision::int8;
  if (!device->is_cuda()) return placement;  // on the CPU, activations stay float32
  if (precision == "int8") {
    return usage("precision", fmt::format("precision {} is not available on {}", precision, device->str()));
  }
  placement.dtype = at::kHalf;
  return placement;
}

std::vector<fs::path> output_paths(const GenerateOptions& options) {
  if (options.count == 1) return {options.output};
  std::vector<fs::path> paths;
  for (int i = 1; i <= options.count; ++i) {
    auto name = options.output.stem();
    name += fmt::format("-{}", i);
    name += options.output.extension();
    paths.push_back(options.output.parent_path() / name);
  }
  return paths;
}

Result<io::PictureFormat> output_format(const GenerateOptions& options) {
  auto suffix = options.output.extension().string();
  if (!suffix.empty()) suffix.erase(0, 1);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  auto format = io::picture_format_from_name(suffix);
  if (!format) {
    return usage("output", fmt::format("--output must end in .png, .jpg, .jpeg or .webp, got '{}'",
                                       options.output.string()));
  }
  return format;
}

}  // namespace sdw::cli
