"""WHAT PEOPLE MEAN: what a word of a question can stand for, each way with its weight and reason."""
