"""Replay: what the cards would have been over a Bulk FHIR export, before anybody switches them on.

export_files     the files of an export, and the texts of their lines
lines            a line by its head, and what is wrong with some
alike            blocks of lines read at once, and which Observations are alike; times, since when they are known
packed           the same lines as Parquet
dealing          lines dealt to the parts in which patients are judged
collecting       when Python looks for cycles
by_patient       parts judged by worker processes
on_spark         the same spread over the executors of Spark (an extra)
plan             what is asked of every patient, as a worker gets it
run              the steps of a run, which can be taken up again
replay_patient   one patient -> the rows of all tables: the one function of every engine
patient_lines    the lines of one patient: those to be read, and those that need not be
patient_pieces   the lines of a patient in columns, of which some are made where they have to be read
alike_memory     what is known of lines that are alike without reading them
held             one resource with what every moment asks of it
look             a resource as it looked between two changes, with what is made of it alone
measured         Observations that are measurements and nothing else, read where a rule asks
aside            what of a patient could not be used
known            since when a resource was known, and how it looked at a moment
triggers         the moments to evaluate
evaluate_moment  one moment through the functions of a live call
answers          what the tables keep of it; worked out once for all of whom nothing is recorded
person           sex, age band, ancestry, unit; the hash that stands for a patient
tables           columns; a part's tables, written and read
joining          the tables of the parts as those of the run, joined while others are judged

report           report.html of the tables; rates (intervals, small cells), report_tables (the numbers)
review           the form for the review of charts, and what it says when it is filled in
compare          two configurations over the same moments

demo_courses     the made-up population: each course with what it plants
demo_fhir        a course as FHIR R4 resources
demo_export      the population as a Bulk export, and the account of what was planted
"""

import os

# Read when Arrow is loaded. Else its allocator gives memory back after each part, only to ask for it again.
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")
