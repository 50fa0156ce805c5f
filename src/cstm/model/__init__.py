"""The network: equations 1-9, backbones, and nothing of files."""
