"""WHAT EDITORS KEEP: the truth, drafts included. Knows what a record is, what makes it valid and how it is stored; no HTTP, no search."""
