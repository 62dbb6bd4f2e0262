"""Procedures and the platelet limits for them (PROC)."""
