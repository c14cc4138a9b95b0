"""HOW IT IS FOUND: a copy in memory that can be thrown away and rebuilt. Knows entries and the vocabulary; no drafts, no editors."""
