"""The loop and the optimizer that the bundled model is trained with."""

import fit as training
import pytest
import torch
from denoiser import Balance
from muon import Muon, orthogonalized
from schedule import rate_shares

CPU = torch.device("cpu")


@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (24, 24)])
def test_orthogonalized_brings_singular_values_near_one(shape):
    torch.manual_seed(1)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    matrix = left * torch.linspace(10, 0.5, min(shape)) @ right
    turned = left.T @ orthogonalized(matrix) @ right.T
    strengths = turned.diagonal()
    # The iterations end between 0.7 and 1.2 for values that are not near zero, with the same vectors on both sides.
    assert 0.6 < strengths.min() and strengths.max() < 1.25
    assert (turned - torch.diag(strengths)).abs().max() < 1e-3


def test_muon_steps_as_torch_does_but_for_its_bfloat16():
    torch.manual_seed(2)
    start = torch.randn(32, 96)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    options = {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}
    optimizers = [Muon([ours], **options), torch.optim.Muon([theirs], adjust_lr_fn="match_rms_adamw", **options)]
    for _ in range(5):
        gradient = torch.randn_like(start)
        for parameter, optimizer in zip((ours, theirs), optimizers):
            parameter.grad = gradient.clone()
            optimizer.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved  # bfloat16 keeps 8 bits


def test_a_filter_is_a_matrix_of_its_rows():
    torch.manual_seed(3)
    start, gradient = torch.randn(6, 4, 3, 3), torch.randn(6, 4, 3, 3)
    filters, matrix = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.flatten(1))
    filters.grad, matrix.grad = gradient, gradient.flatten(1)
    for parameter in (filters, matrix):
        Muon([parameter], lr=0.1).step()
    assert torch.equal(filters.flatten(1), matrix)


def test_all_noise_levels_weigh_alike():
    torch.manual_seed(5)
    balance, timesteps = Balance(32), torch.arange(32) * 1000 // 32 + 10
    usual = torch.logspace(-2, 0, 32)
    for _ in range(400):
        balance(usual * (0.9 + 0.2 * torch.rand(32)), timesteps)
    errors = usual.clone().requires_grad_()
    balance(errors, timesteps).backward()
    shares = errors.grad * usual  # what each level adds to a step
    assert shares.max() / shares.min() < 1.1


class _Killed(Exception):
    pass


def _train(path, killed_at=None):
    """The weights after 12 steps of a small network; `killed_at` ends it in that step."""
    torch.manual_seed(4)
    net = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.SiLU(), torch.nn.Linear(7, 2))
    matrices, rest = [net[0].weight, net[2].weight], [net[0].bias, net[2].bias]

    def batch(step):
        if step == killed_at:
            raise _Killed
        generator = torch.Generator().manual_seed(step)
        return [torch.randn(16, 5, generator=generator)]

    def loss(inputs):
        value = (net(inputs + 0.1 * torch.randn_like(inputs)) - inputs[:, :2]).square().mean()
        return value, value

    training.fit("test", path, {"net": net}, [Muon(matrices, lr=0.02), torch.optim.AdamW(rest, lr=0.01)],
                 rate_shares(12, warmup=3, flat=0.5), batch, loss, CPU, workers=0)
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters()])


def test_a_killed_training_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_CHECKPOINT_SECONDS", 0)
    straight = _train(tmp_path / "straight.pt")
    with pytest.raises(_Killed):
        _train(tmp_path / "killed.pt", killed_at=7)
    assert torch.equal(_train(tmp_path / "killed.pt"), straight)


def test_a_finished_training_is_not_repeated(tmp_path):
    finished = _train(tmp_path / "finished.pt")
    assert torch.equal(_train(tmp_path / "finished.pt", killed_at=0), finished)
