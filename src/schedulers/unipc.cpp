// UniPC, arXiv 2302.04867: a predictor of order k, and a corrector that mends the step before with the model
// output that was just made. B(h) is h ("bh1") or exp(h) - 1 ("bh2").
#include <ATen/TensorOperators.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/stack.h>
#include <algorithm>
#include <utility>

#include "schedulers/multistep_sampler.h"
#include "schedulers/samplers.h"

namespace sdw::schedulers {

namespace {

struct UniPcOptions {
  bool predict_x0 = true;
  bool bh1 = false;
  std::vector<std::int64_t> disable_corrector;
};

class UniPc final : public MultistepSampler {
 public:
  static Result<std::unique_ptr<Sampler>> make(Fields& fields, const StepRange& range);

  UniPc(Setup setup, UniPcOptions options)
      : MultistepSampler(std::move(setup)), options_(std::move(options)) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  // One update of `order` from schedule point `from` to the next, begun at `x`. The linear system of
  // formula 9.
  struct System {
    LogSnrPoint from, to;
    at::Tensor h_phi_1, B_h;  // 0-d
    at::Tensor R, b;          // [order, order], [order]
    at::Tensor differences;   // [B, order - 1, ...]; undefined at order 1
  };
  System system(std::int64_t from, std::int64_t order) const;
  // The part of the update that needs no differences.
  at::Tensor linear_part(const System& system, const at::Tensor& x) const;
  at::Tensor with_residual(const System& system, const at::Tensor& linear, const at::Tensor& residual) const;

  at::Tensor predict(std::int64_t order) const;
  at::Tensor correct(std::int64_t order, const at::Tensor& converted) const;
  void reset() override;

  UniPcOptions options_;
  std::int64_t last_order_ = 0;
  at::Tensor last_sample_;
};

void UniPc::reset() {
  MultistepSampler::reset();
  last_order_ = 0;
  last_sample_ = at::Tensor();
}

UniPc::System UniPc::system(std::int64_t from, std::int64_t order) const {
  System s{point(from), point(from + 1), {}, {}, {}, {}, {}};
  const at::Tensor h = s.to.lambda - s.from.lambda;
  std::vector<at::Tensor> rks;
  std::vector<at::Tensor> differences;
  for (std::int64_t i = 1; i < order; ++i) {
    const at::Tensor rk = (point(from - i).lambda - s.from.lambda) / h;
    rks.push_back(rk);
    differences.push_back((output(i) - output(0)) / rk);
  }
  rks.push_back(at::ones({}, at::kFloat));
  const at::Tensor stacked_rks = at::stack(rks);
  if (!differences.empty()) s.differences = at::stack(differences, /*dim=*/1);

  const at::Tensor hh = options_.predict_x0 ? -h : h;
  s.h_phi_1 = at::expm1(hh);
  s.B_h = options_.bh1 ? hh : s.h_phi_1;
  at::Tensor h_phi_k = s.h_phi_1 / hh - 1;
  std::vector<at::Tensor> R;
  std::vector<at::Tensor> b;
  double factorial = 1;
  for (std::int64_t i = 1; i <= order; ++i) {
    R.push_back(at::pow(stacked_rks, i - 1));
    b.push_back(h_phi_k * factorial / s.B_h);
    factorial *= static_cast<double>(i + 1);
    h_phi_k = h_phi_k / hh - 1 / factorial;
  }
  s.R = at::stack(R);
  s.b = at::stack(b);
  return s;
}

at::Tensor UniPc::linear_part(const System& s, const at::Tensor& x) const {
  if (options_.predict_x0) return s.to.sigma / s.from.sigma * x - s.to.alpha * s.h_phi_1 * output(0);
  return s.to.alpha / s.from.alpha * x - s.to.sigma * s.h_phi_1 * output(0);
}

at::Tensor UniPc::with_residual(const System& s, const at::Tensor& linear, const at::Tensor& residual) const {
  return linear - (options_.predict_x0 ? s.to.alpha : s.to.sigma) * s.B_h * residual;
}

at::Tensor UniPc::predict(std::int64_t order) const {
  const auto s = system(index(), order);
  at::Tensor linear = linear_part(s, last_sample_);
  if (order == 1) return linear;
  const at::Tensor rhos = order == 2
                              ? at::ones({1}, at::kFloat) * 0.5
                              : at::linalg_solve(s.R.slice(0, 0, -1).slice(1, 0, -1), s.b.slice(0, 0, -1));
  const at::Tensor residual = at::einsum("k,bkc...->bc...", {rhos.to(linear.device()), s.differences});
  return with_residual(s, linear, residual);
}

at::Tensor UniPc::correct(std::int64_t order, const at::Tensor& converted) const {
  const auto s = system(index() - 1, order);
  const at::Tensor linear = linear_part(s, last_sample_);
  const at::Tensor rhos = order == 1 ? at::ones({1}, at::kFloat) * 0.5 : at::linalg_solve(s.R, s.b);
  at::Tensor residual = rhos[-1] * (converted - output(0));
  if (order > 1) {
    const at::Tensor known = rhos.slice(0, 0, -1).to(linear.device());
    residual = at::einsum("k,bkc...->bc...", {known, s.differences}) + residual;
  }
  return with_residual(s, linear, residual);
}

void UniPc::advance(const at::Tensor& model_output, at::Generator& /*generator*/) {
  const at::Tensor converted = options_.predict_x0 ? clean_sample(model_output) : noise_part(model_output);
  const auto& disabled = options_.disable_corrector;
  const bool corrects =
      last_sample_.defined() && std::find(disabled.begin(), disabled.end(), index() - 1) == disabled.end();
  last_sample_ = corrects ? correct(last_order_, converted) : latents_;

  const auto had = remembered();
  remember(converted);
  const auto order = lower_order_final() ? std::min(solver_order(), steps_left()) : solver_order();
  last_order_ = std::min(order, had + 1);
  advance_to(predict(last_order_));
}

Result<std::unique_ptr<Sampler>> UniPc::make(Fields& fields, const StepRange& range) {
  constexpr std::int64_t kMostOrder = 9;
  auto setup = read_setup(fields, range,
                          {.betas = {.finite_last_sigma = true},
                           .final_sigma = FinalSigma::zero_or_last,
                           .most_order = kMostOrder});
  UniPcOptions options;
  options.predict_x0 = fields.flag("predict_x0", true);
  options.bh1 = fields.choice("solver_type", "bh2", {"bh1", "bh2", "midpoint", "heun", "logrho"}) == "bh1";
  options.disable_corrector = fields.integers("disable_corrector");
  if (fields.has("solver_p")) fields.fail("solver_p", "another scheduler as predictor is not supported");
  if (fields.flag("use_dynamic_shifting", false)) {
    fields.fail("use_dynamic_shifting", "flow matching is not supported");
  }
  if (auto status = fields.status(); !status) return status.error();
  return std::unique_ptr<Sampler>(std::make_unique<UniPc>(std::move(setup), std::move(options)));
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_unipc(Fields& fields, const StepRange& range) {
  return UniPc::make(fields, range);
}

}  // namespace sdw::schedulers
