"""Wrong: the `continue` that keeps the log short also skips the clear, on nine batches of ten.

Their gradients stay and are applied again. On a problem this easy the loss falls all the same: nothing gives it away.
"""

import torch


def main() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(640, 3)
    targets = inputs @ torch.tensor([2.0, -1.0, 0.5]) + 0.01 * torch.randn(640)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    for epoch in range(5):
        for i, (sample, target) in enumerate(zip(inputs.split(32), targets.split(32), strict=True)):
            loss = torch.nn.functional.mse_loss(model(sample).squeeze(1), target)
            loss.backward()
            optimizer.step()
            if i % 10:
                continue
            optimizer.zero_grad()
            print(f"epoch {epoch}, batch {i}: loss {loss.item():.5f}")


if __name__ == "__main__":
    main()
