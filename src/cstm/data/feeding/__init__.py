"""Feeding: samples at the network's size, augmented and mixed, so that training never waits."""
