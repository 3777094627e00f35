"""Wrong: the branch for mixed precision clears, the plain one does not, so the script is right only on a GPU.

Elsewhere every step applies the gradients of all batches so far, and the loss climbs.
"""

import torch


def main() -> None:
    torch.manual_seed(0)
    use_amp = torch.cuda.is_available()
    device = "cuda" if use_amp else "cpu"
    inputs = torch.randn(512, 8, device=device)
    labels = (inputs.sum(dim=1) > 0).long()
    model = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    scaler = torch.amp.GradScaler(device, enabled=use_amp)

    for epoch in range(5):
        for sample, label in zip(inputs.split(32), labels.split(32), strict=True):
            if use_amp:
                with torch.autocast(device):
                    loss = torch.nn.functional.cross_entropy(model(sample), label)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
            else:
                loss = torch.nn.functional.cross_entropy(model(sample), label)
                loss.backward()
                optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.5f}")


if __name__ == "__main__":
    main()
