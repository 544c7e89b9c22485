#include "unit/kernels/layer_shapes.h"

#include <algorithm>

namespace sdw::kernels::cpu {
namespace {

constexpr std::size_t kTextTokens = 77, kLatentChannels = 4;

// Pictures that go through a network together, at one of its levels.
struct Pictures {
  std::size_t batch, height, width;
  std::size_t pixels() const { return height * width; }
  Pictures half() const { return {batch, (height + 1) / 2, (width + 1) / 2}; }
};

class Builder {
 public:
  explicit Builder(LayerShapes& to) : to_(to) {}

  void conv(const Pictures& p, std::size_t in, std::size_t out, std::size_t stride = 1,
            bool upsample = false) {
    to_.convs.insert({p.batch, p.height, p.width, in, out, stride, upsample});
  }
  void product(std::size_t rows, std::size_t depth, std::size_t columns, bool geglu = false) {
    to_.products.insert({rows, depth, columns, geglu});
  }
  void norm(const Pictures& p, std::size_t channels) { to_.norms.insert({p.batch, p.pixels(), channels}); }

  void resnet(const Pictures& p, std::size_t in, std::size_t out, std::size_t time) {
    norm(p, in);
    norm(p, out);
    conv(p, in, out);
    conv(p, out, out);
    if (time > 0) product(p.batch, time, out);
    if (in != out) product(p.batch * p.pixels(), in, out);  // a convolution of 1x1
  }

  void attend(std::size_t batch, std::size_t queries, std::size_t keys, std::size_t width,
              std::size_t head_dim, bool causal = false) {
    to_.attentions.insert({batch, queries, keys, width / head_dim, head_dim, causal});
  }

  void transformer(const Pictures& p, std::size_t width, std::size_t head_dim, std::size_t context) {
    const std::size_t rows = p.batch * p.pixels();
    norm(p, width);
    product(rows, width, width);
    product(rows, width, 3 * width);
    product(rows, width, 8 * width, true);
    product(rows, 4 * width, width);
    product(p.batch * kTextTokens, context, 2 * width);
    attend(p.batch, p.pixels(), p.pixels(), width, head_dim);
    attend(p.batch, p.pixels(), kTextTokens, width, head_dim);
  }

 private:
  LayerShapes& to_;
};

void add_unet(const FamilyShape& f, Pictures p, Builder& to) {
  const auto& channels = f.unet_channels;
  const std::size_t time = 4 * channels[0];
  const auto attention = [&](const Pictures& at, std::size_t level) {
    if (f.transformer_depths[level] > 0)
      to.transformer(at, channels[level], f.head_dim_of(channels[level]), f.context);
  };
  to.conv(p, kLatentChannels, channels[0]);
  to.product(p.batch, channels[0], time);
  to.product(p.batch, time, time);
  std::vector<Pictures> sizes;
  std::vector<std::size_t> skips{channels[0]};
  std::size_t width = channels[0];
  for (std::size_t level = 0; level < channels.size(); ++level) {
    sizes.push_back(p);
    for (std::size_t i = 0; i < f.resnets; ++i) {
      to.resnet(p, width, channels[level], time);
      width = channels[level];
      skips.push_back(width);
      attention(p, level);
    }
    if (level + 1 == channels.size()) break;
    to.conv(p, width, width, 2);
    p = p.half();
    skips.push_back(width);
  }
  to.resnet(p, width, width, time);
  to.transformer(p, width, f.head_dim_of(width), f.context);
  for (std::size_t level = channels.size(); level-- > 0;) {
    for (std::size_t i = 0; i <= f.resnets; ++i) {
      to.resnet(sizes[level], width + skips.back(), channels[level], time);
      skips.pop_back();
      width = channels[level];
      attention(sizes[level], level);
    }
    if (level > 0) to.conv(sizes[level], width, width, 1, true);
  }
  to.norm(sizes[0], width);
  to.conv(sizes[0], width, kLatentChannels);
}

void add_vae(const FamilyShape& f, Pictures image, Builder& to) {
  const auto& channels = f.vae_channels;
  const std::size_t last = channels.back();
  // Encoder and decoder have nearly the same layers, of halved and of doubled pictures.
  Pictures p = image;
  std::size_t width = channels[0];
  to.conv(p, 3, width);
  std::vector<Pictures> sizes;
  for (std::size_t level = 0; level < channels.size(); ++level) {
    sizes.push_back(p);
    for (std::size_t i = 0; i < f.resnets; ++i) {
      to.resnet(p, width, channels[level], 0);
      width = channels[level];
    }
    if (level + 1 < channels.size()) {
      to.conv(p, width, width, 2);
      p = p.half();
    }
  }
  to.resnet(p, last, last, 0);
  to.product(p.batch * p.pixels(), last, last);
  to.product(p.batch * p.pixels(), last, 3 * last);
  to.attend(p.batch, p.pixels(), p.pixels(), last, last);
  to.conv(p, last, 2 * kLatentChannels);
  to.conv(p, kLatentChannels, last);
  for (std::size_t level = channels.size(); level-- > 0;) {
    for (std::size_t i = 0; i <= f.resnets; ++i) {
      to.resnet(sizes[level], width, channels[level], 0);
      width = channels[level];
    }
    if (level > 0) to.conv(sizes[level], width, width, 1, true);
  }
  to.conv(image, width, 3);
}

void add_text_encoder(std::size_t width, std::size_t prompts, Builder& to) {
  const std::size_t head_dim = width >= 768 ? 64 : 32;
  const std::size_t rows = prompts * kTextTokens;
  to.product(rows, width, width);
  to.product(rows, width, 3 * width);
  to.product(rows, width, 4 * width);
  to.product(rows, 4 * width, width);
  to.attend(prompts, kTextTokens, kTextTokens, width, head_dim, true);
}

}  // namespace

std::vector<FamilyShape> families() {
  const std::vector<std::size_t> vae{128, 256, 512, 512};
  return {{"sd15", {320, 640, 1280, 1280}, {1, 1, 1, 0}, 8, 0, 768, {768}, vae},
          {"sd21", {320, 640, 1280, 1280}, {1, 1, 1, 0}, 0, 64, 1024, {1024}, vae},
          {"sdxl", {320, 640, 1280}, {0, 2, 10}, 0, 64, 2048, {768, 1280}, vae},
          {"shapes-128", {32, 64, 128, 192}, {0, 1, 1, 1}, 2, 0, 128, {128}, {24, 48, 56}, 1, 4}};
}

void add_layers(const FamilyShape& family, std::size_t batch, std::size_t height, std::size_t width,
                LayerShapes& to) {
  Builder builder(to);
  const Pictures image{batch, height, width};
  const auto latent = [&](std::size_t side) { return std::max<std::size_t>(side / family.latent_scale, 1); };
  add_unet(family, {batch, latent(height), latent(width)}, builder);
  add_vae(family, image, builder);
  for (const std::size_t text : family.text_widths) add_text_encoder(text, batch, builder);
}

}  // namespace sdw::kernels::cpu
