"""The selected order: what speaks against it (ORD)."""
