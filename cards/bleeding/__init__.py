"""Bleeding and the counts: activity, red flags, falls and recovery (BLD, PLT)."""
