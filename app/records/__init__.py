"""WHAT EDITORS KEEP: the truth, drafts included. What a record is, what makes it valid and how it is stored; no HTTP, no search."""
