"""Reading from the FHIR server of a call what its prefetch lacks: within a deadline, where the guard admits."""

from cds_service.fhir_client.access import CallFetch, FhirAccess
from cds_service.fhir_client.asked import Fetch, Fetched, Problem, Wanted

__all__ = ["CallFetch", "Fetch", "Fetched", "FhirAccess", "Problem", "Wanted"]
