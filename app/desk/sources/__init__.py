"""STILL THERE? Whether cited sources can still be read, and the program that checks them."""
