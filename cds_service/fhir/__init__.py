"""FHIR R4 as it arrives: decoded entry by entry, numbers exact, dates as intervals, references resolved."""
