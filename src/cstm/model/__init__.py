"""The network: equations 1-9, backbones, where their weights come from; nothing of datasets."""
