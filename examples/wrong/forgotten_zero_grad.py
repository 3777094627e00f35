"""Wrong: nothing ever clears the gradients, so step n applies the sum of the gradients of all batches up to n.

The steps grow with every batch; the weights swing over the minimum and back and never settle.
"""

import torch


def main() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(256, 3)
    targets = inputs @ torch.tensor([2.0, -1.0, 0.5]) + 0.01 * torch.randn(256)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    for epoch in range(5):
        for sample, target in zip(inputs.split(32), targets.split(32), strict=True):
            loss = torch.nn.functional.mse_loss(model(sample).squeeze(1), target)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.5f}")


if __name__ == "__main__":
    main()
