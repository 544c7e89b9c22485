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

// id, label, aliases (AUTOMATIC1111's, ComfyUI's, diffusers', stable-diffusion.cpp's, InvokeAI's), class,
// maker, overrides
std::span<const SamplerRow> sampler_rows() {
  static const std::vector<SamplerRow> kRows = {
      {{"euler", "Euler", {"k_euler"}}, "EulerDiscreteScheduler", make_euler, {}},
      {{"euler_a", "Euler a", {"k_euler_a", "k_euler_ancestral", "euler_ancestral"}},
       "EulerAncestralDiscreteScheduler",
       make_euler_ancestral,
       {}},
      {{"heun", "Heun", {"k_heun"}}, "HeunDiscreteScheduler", make_heun, {}},
      {{"dpm2", "DPM2", {"k_dpm_2", "dpm_2", "kdpm_2"}}, "KDPM2DiscreteScheduler", make_dpm2, {}},
      {{"dpm2_a", "DPM2 a", {"k_dpm_2_a", "k_dpm_2_ancestral", "dpm_2_ancestral", "kdpm_2_a"}},
       "KDPM2AncestralDiscreteScheduler",
       make_dpm2_ancestral,
       {}},
      {{"lms", "LMS", {"k_lms"}}, "LMSDiscreteScheduler", make_lms, {}},
      {{"dpmpp_2m", "DPM++ 2M", {"k_dpmpp_2m", "dpm++2m", "dpm++2mv2", "dpmsolver++"}},
       "DPMSolverMultistepScheduler",
       make_dpm_multistep,
       {{"algorithm_type", "dpmsolver++"}}},
      {{"dpmpp_2m_sde",
        "DPM++ 2M SDE",
        {"k_dpmpp_2m_sde", "dpmpp_2m_sde_gpu", "dpm++2m_sde", "sde-dpmsolver++"}},
       "DPMSolverMultistepScheduler",
       make_dpm_multistep,
       {{"algorithm_type", "sde-dpmsolver++"}}},
      {{"ddim", "DDIM", {}}, "DDIMScheduler", make_ddim, {}},
      {{"pndm", "PLMS", {"k_plms"}}, "PNDMScheduler", make_pndm, {{"skip_prk_steps", true}}},
      {{"unipc", "UniPC", {"uni_pc", "uni_pc_bh2"}}, "UniPCMultistepScheduler", make_unipc, {}},
      {{"deis", "DEIS", {}}, "DEISMultistepScheduler", make_deis, {}},
      {{"lcm", "LCM", {"k_lcm"}}, "LCMScheduler", make_lcm, {}},
      {{"ddpm", "DDPM", {}}, "DDPMScheduler", make_ddpm, {}},
  };
  return kRows;
}

std::span<const ScheduleRow> schedule_rows() {
  static const std::vector<ScheduleRow> kRows = {
      {{"model", "Automatic", {"default", "own"}}, {}},
      {{"karras", "Karras", {}}, only("use_karras_sigmas")},
      {{"exponential", "Exponential", {}}, exponential()},
      {{"beta", "Beta", {}}, only("use_beta_sigmas")},
      {{"sgm_uniform", "SGM Uniform", {"sgmuniform", "trailing", "simple"}},
       {{"timestep_spacing", "trailing"}}},
      {{"linspace", "Uniform", {"normal", "discrete"}}, {{"timestep_spacing", "linspace"}}},
      {{"leading", "Leading", {}}, {{"timestep_spacing", "leading"}}},
  };
  return kRows;
}

}  // namespace sdw::schedulers
