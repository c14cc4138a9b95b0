"""WHO WRITES: editors, reviewers, administrators, and the seed. Knows permissions, moves and imports; no search, no pages."""
