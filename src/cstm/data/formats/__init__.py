"""Formats: what datasets and results look like on disk, each read into samples."""
