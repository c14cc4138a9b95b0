"""WHAT EVERY ANSWER PASSES THROUGH: HTTP, and not one word of the domain."""
