"""IN BULK: for those who take all of it. Knows entries, the log and the question; no drafts."""
