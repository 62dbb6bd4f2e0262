"""How the advice is served: HTTP, CDS Hooks, FHIR, commands. Imports `cards`, never the reverse."""

from importlib.metadata import version

__version__ = version("platelet-hooks")
