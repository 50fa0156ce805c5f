"""Data: samples, the files they come from, and how they meet a network's input."""
