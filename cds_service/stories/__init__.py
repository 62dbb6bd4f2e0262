"""Made-up patients as a clinician would write them down, and as FHIR: the language of the vignettes.

notation   a line of a story ("nosebleed, 2 h ago") -> a fact of `story`
coding     a word of a story -> a value set and the code that stands for it, in the code systems of a dialect
resources  a story at a given now -> FHIR R4 resources
prefetch   resources -> what a client would put under each key of a service's prefetch templates
request    all of it -> the body of a CDS Hooks call
vignettes  `fixtures/vignettes/*.toml` -> stories with the cards that are expected
times      "3 h ago", and `{{now - 3h}}` in the made-up patients of `fixtures/`
"""
