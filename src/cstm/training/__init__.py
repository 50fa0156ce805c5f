"""Training: losses, the loop, the paper's two stages, checkpoints."""
