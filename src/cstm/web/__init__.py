"""A page to try the network on: a thin shell over :mod:`cstm.inference`."""
