"""WHAT IS PUBLISHED: one prepared entry for each published record. The public reads this and nothing else."""
