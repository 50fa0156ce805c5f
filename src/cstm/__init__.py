"""Language-queried video actor segmentation: a video and a sentence in, the actor's mask out."""
