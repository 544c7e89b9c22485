#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace sdw::kernels::cpu {

// What a family's configuration says of its networks. Sizes of a level count pixels of the latent.
struct FamilyShape {
  std::string name;
  std::vector<std::size_t> unet_channels;
  std::vector<std::size_t> transformer_depths;  // of a level; 0: no attention
  std::size_t heads = 0, head_dim = 0;          // of every level: one of these
  std::size_t context = 0;                      // width of the text states
  std::vector<std::size_t> text_widths;         // of the text encoders
  std::vector<std::size_t> vae_channels;
  std::size_t resnets = 2;  // of a level
  std::size_t latent_scale = 8;
  std::size_t head_dim_of(std::size_t channels) const { return heads > 0 ? channels / heads : head_dim; }
};

// Stable Diffusion 1.5, 2.1 and XL, and the bundled model.
std::vector<FamilyShape> families();

struct ProductShape {
  std::size_t rows, depth, columns;
  bool geglu = false;
  auto operator<=>(const ProductShape&) const = default;
};

struct ConvShape {
  std::size_t batch, height, width, in_channels, out_channels;  // height and width of the input
  std::size_t stride = 1;
  bool upsample = false;
  auto operator<=>(const ConvShape&) const = default;
};

struct AttentionShape {
  std::size_t batch, queries, keys, heads, head_dim;
  bool causal = false;
  auto operator<=>(const AttentionShape&) const = default;
};

struct NormShape {
  std::size_t batch, pixels, channels;
  auto operator<=>(const NormShape&) const = default;
};

struct LayerShapes {
  std::set<ProductShape> products;
  std::set<ConvShape> convs;
  std::set<AttentionShape> attentions;
  std::set<NormShape> norms;
};

// Adds those of all networks of a family for so many images of `height` x `width` pixels at once.
void add_layers(const FamilyShape& family, std::size_t batch, std::size_t height, std::size_t width,
                LayerShapes& to);

}  // namespace sdw::kernels::cpu
