"""SMART App Launch 2: how the timeline is opened by an EHR, or by itself with a FHIR server that knows it.

A token lives as long as the answer that it is used for: it is kept nowhere, and nothing of a patient stands in an
address. What waits between the two halves of a launch travels in a sealed cookie, so that any worker can finish it.
"""
