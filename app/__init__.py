"""Model Districts: an open directory of US school districts that use the community school strategy."""
