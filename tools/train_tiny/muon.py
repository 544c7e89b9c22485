"""Muon (Jordan et al. 2024): momentum whose update of a matrix has all its singular values brought near 1.

torch.optim.Muon takes matrices only, in bfloat16; here a filter counts as the matrix of its rows, in the gradient's type.
"""

import torch


def orthogonalized(matrix, steps=5):
    """About U V^T of a matrix U S V^T, by Newton-Schulz iterations on the products of its rows or columns, the fewer."""
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonalized(matrix.T, steps).T
    matrix = matrix / (matrix.norm() + 1e-7)
    products, total = matrix @ matrix.T, None
    for step in range(steps):
        factor = torch.addmm(products, products, products, beta=-4.7750, alpha=2.0315)
        factor.diagonal().add_(3.4445)
        total = factor if total is None else factor @ total
        if step + 1 < steps:
            products = factor @ products @ factor
    return total @ matrix


class Muon(torch.optim.Optimizer):
    """For parameters of two and more dimensions. A step is as long as AdamW's at the same learning rate (Liu et al. 2025)."""

    def __init__(self, parameters, lr=1e-3, momentum=0.95, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            rate, momentum = group["lr"], group["momentum"]
            for parameter in group["params"]:
                state, gradient = self.state[parameter], parameter.grad
                if not state:
                    state["mean"] = torch.zeros_like(gradient)
                state["mean"].lerp_(gradient, 1 - momentum)
                update = orthogonalized(gradient.lerp(state["mean"], momentum).flatten(1))
                parameter.mul_(1 - rate * group["weight_decay"])
                parameter.add_(update.view_as(parameter), alpha=-rate * 0.2 * max(update.shape) ** 0.5)
