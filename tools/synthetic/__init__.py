"""Full-size Stable Diffusion folders with random weights, for timing and memory: none can be downloaded."""
