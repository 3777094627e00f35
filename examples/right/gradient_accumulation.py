"""Right: four micro-batches add up on purpose, are applied once, and are cleared once they are applied.

Each step sees the mean gradient of 64 samples although only 16 are in memory at a time.
"""

import torch

MICRO_BATCHES = 4


def main() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(512, 8)
    targets = inputs[:, :1].tanh()
    model = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    batches = list(zip(inputs.split(16), targets.split(16), strict=True))
    for epoch in range(5):
        for i, (sample, target) in enumerate(batches):
            loss = torch.nn.functional.mse_loss(model(sample), target)
            (loss / MICRO_BATCHES).backward()
            if (i + 1) % MICRO_BATCHES == 0 or i + 1 == len(batches):
                optimizer.step()
                optimizer.zero_grad()
        print(f"epoch {epoch}: loss {loss.item():.5f}")


if __name__ == "__main__":
    main()
