"""Replay: what the cards would have been over a Bulk FHIR export, before anybody switches them on.

demo_courses   the made-up population: each course with what it plants
demo_fhir      a course as FHIR R4 resources
demo_export    the population as a Bulk export, and the account of what was planted
"""
