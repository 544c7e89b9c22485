#pragma once

#include <memory>

#include "schedulers/fields.h"
#include "schedulers/trajectory.h"
#include "support/result.h"

// One maker for each scheduler class; registry.cpp has the table that leads here. A maker reads the fields
// its class knows, with that class's defaults. Error: model_invalid, naming the field that cannot be used.
namespace sdw::schedulers {

using SamplerMaker = Result<std::unique_ptr<Sampler>>(Fields& fields, const StepRange& range);

SamplerMaker make_ddim;
SamplerMaker make_ddpm;
SamplerMaker make_deis;
SamplerMaker make_dpm2;
SamplerMaker make_dpm2_ancestral;
SamplerMaker make_dpm_multistep;
SamplerMaker make_euler;
SamplerMaker make_euler_ancestral;
SamplerMaker make_heun;
SamplerMaker make_lcm;
SamplerMaker make_lms;
SamplerMaker make_pndm;
SamplerMaker make_unipc;

}  // namespace sdw::schedulers
