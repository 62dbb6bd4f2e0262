"""From decoded FHIR to the record that the rules read: units, status, dates and codes settled, nothing judged."""
