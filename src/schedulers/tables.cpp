#include "schedulers/tables.h"

#include <vector>

namespace sdw::schedulers {

namespace {

using nlohmann::json;

// A schedule of sigmas takes the place of any other that the model's configuration asks for.
json only(const char* field) {
  json overrides = {{"use_karras_sigmas", false},
                    {"use_exponential_sigmas", false},
                    {"use_beta_sigmas", false},
                    {"use_lu_lambdas", false}};
  overrides[field] = true;
  return overrides;
}

json exponential() {
  json overrides = only("use_exponential_sigmas");
  overrides["timestep_spacing"] = "linspace";
  return overrides;
}

}  // namespace

std::span<const SamplerRow> sampler_rows() {
  static const std::vector<SamplerRow> kRows = {
      {"euler", "EulerDiscreteScheduler", make_euler, {}},
      {"euler_a", "EulerAncestralDiscreteScheduler", make_euler_ancestral, {}},
      {"heun", "HeunDiscreteScheduler", make_heun, {}},
      {"dpm2", "KDPM2DiscreteScheduler", make_dpm2, {}},
      {"dpm2_a", "KDPM2AncestralDiscreteScheduler", make_dpm2_ancestral, {}},
      {"lms", "LMSDiscreteScheduler", make_lms, {}},
      {"dpmpp_2m", "DPMSolverMultistepScheduler", make_dpm_multistep, {{"algorithm_type", "dpmsolver++"}}},
      {"dpmpp_2m_sde",
       "DPMSolverMultistepScheduler",
       make_dpm_multistep,
       {{"algorithm_type", "sde-dpmsolver++"}}},
      {"ddim", "DDIMScheduler", make_ddim, {}},
      {"pndm", "PNDMScheduler", make_pndm, {{"skip_prk_steps", true}}},
      {"unipc", "UniPCMultistepScheduler", make_unipc, {}},
      {"deis", "DEISMultistepScheduler", make_deis, {}},
      {"lcm", "LCMScheduler", make_lcm, {}},
      {"ddpm", "DDPMScheduler", make_ddpm, {}},
  };
  return kRows;
}

std::span<const ScheduleRow> schedule_rows() {
  static const std::vector<ScheduleRow> kRows = {
      {"model", {}},
      {"karras", only("use_karras_sigmas")},
      {"exponential", exponential()},
      {"beta", only("use_beta_sigmas")},
      {"sgm_uniform", {{"timestep_spacing", "trailing"}}},
      {"linspace", {{"timestep_spacing", "linspace"}}},
      {"leading", {{"timestep_spacing", "leading"}}},
  };
  return kRows;
}

}  // namespace sdw::schedulers
