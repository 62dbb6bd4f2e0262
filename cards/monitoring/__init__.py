"""How often to count again, and what to tell the patient (MON)."""
