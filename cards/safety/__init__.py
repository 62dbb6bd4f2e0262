"""Mimics and contraindications: what must not be taken for a harmless low count (SAFE). They gate the other rules."""
