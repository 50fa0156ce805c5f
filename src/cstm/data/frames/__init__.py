"""Frames: from a video's file to a clip as a network sees it, and the way back of a mask."""
