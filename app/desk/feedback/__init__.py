"""WHAT READERS SAY: suggestions, and searches that found nothing."""
