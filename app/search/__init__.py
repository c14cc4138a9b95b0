"""HOW IT IS FOUND: an index in memory that can be deleted and made anew.

Knows entries and the vocabulary; no drafts, no editors.
"""
