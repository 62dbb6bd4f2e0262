"""Platelet transfusion: exactly one decision card (TRF)."""
