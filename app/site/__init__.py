"""FOR EYES: the pages, made of the same results and documents as the API."""
