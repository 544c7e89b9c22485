#pragma once

#include <functional>
#include <random>
#include <vector>

namespace sdw::kernels::cpu {

// Runs `body` once with each instruction set that this machine has and this build knows, named in failures.
void with_every_instruction_set(const std::function<void()>& body);

// Standard normal values from a fixed seed.
std::vector<float> random_values(std::size_t count, unsigned seed);

// Largest |got - expected| over the largest |expected|.
double relative_error(const std::vector<float>& got, const std::vector<double>& expected);

}  // namespace sdw::kernels::cpu
