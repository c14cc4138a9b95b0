"""ONE RECORD: its draft, its review, its publication, its history."""
