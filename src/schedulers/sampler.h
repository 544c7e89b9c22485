#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <cstddef>
#include <memory>
#include <vector>

namespace sdw::schedulers {

// What the model has to be asked next: latents already scaled for the model, [1, C, h, w] float32 on the CPU
// or the device the sampler was started on, and the timestep it conditions on.
struct Evaluation {
  at::Tensor sample;
  double timestep = 0;
};

// One denoising trajectory as a state machine over values:
//   while (!sampler.done()) { auto e = sampler.next(); sampler.advance(unet(e.sample, e.timestep),
//   generator); }
// Between any two evaluations it can be stopped, looked at (latents()) or resumed. Samplers that evaluate the
// model twice a step (heun, dpm2) are no special case: they only have more evaluations than steps.
class Sampler {
 public:
  virtual ~Sampler() = default;

  // The timesteps of all evaluations, in order; those cut off by `strength` are not among them.
  virtual const std::vector<double>& timesteps() const = 0;
  // Factor for pure noise at the first timestep of an uncut schedule.
  virtual double init_noise_sigma() const = 0;
  // `original` brought to the noise level of evaluation `index` (diffusers' `add_noise`).
  virtual at::Tensor add_noise(const at::Tensor& original, const at::Tensor& noise,
                               std::size_t index) const = 0;

  // Begins at evaluation 0 with noisy latents.
  virtual void start(at::Tensor latents) = 0;
  virtual Evaluation next() const = 0;  // precondition: !done()
  // Takes the model's answer to next(). Noise a sampler adds is drawn from `generator`, in the reference's
  // order.
  virtual void advance(const at::Tensor& model_output, at::Generator& generator) = 0;

  std::size_t evaluation() const { return evaluation_; }
  bool done() const { return evaluation_ >= timesteps().size(); }
  int steps() const { return steps_; }  // as the user counts them, after `strength`
  virtual int steps_done() const = 0;   // of steps()
  const at::Tensor& latents() const { return latents_; }
  // Replaces the latents between evaluations (inpainting with a 4-channel UNet keeps what is outside the mask
  // so).
  void set_latents(at::Tensor latents) { latents_ = std::move(latents); }

 protected:
  at::Tensor latents_;
  std::size_t evaluation_ = 0;
  int steps_ = 0;
};

}  // namespace sdw::schedulers
