"""The drafts that a card may offer (rulebook A.8): what is ordered, under which confirmed code, in which words.

A template without a code has no confirmed one: the draft then carries `code.text` alone. The service makes the FHIR
resource of it (`status` draft, `intent` proposal, subject, reasons).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cards.frozen import dataclass
from cards.valuesets import Code, Terminology


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of draft.

    `text` is `code.text` (or `medicationCodeableConcept.text`), `words` the action's description after "Draft order: ".
    `set_id` and `code` name the verified coding. `note` is put on the order (our words).
    """

    resource_type: str
    text: str
    words: str
    set_id: str | None = None
    code: str | None = None
    note: str | None = None

    def coding(self, terminology: Terminology) -> Code | None:
        """The verified code to emit, or None (LookupError if the named one is not verified)."""
        return None if self.set_id is None else terminology.emit(self.set_id, self.code)


def _service(
    text: str, words: str, set_id: str | None = None, code: str | None = None, note: str | None = None
) -> Template:
    return Template("ServiceRequest", text, words, set_id, code, note)


_PLATELET_NOTE = (
    "Product attributes (irradiated, CMV-safe, RhD) and consent by local policy. "
    "Count 10 to 60 minutes after the transfusion."
)

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        "platelets-adult": _service(
            "Transfusion of platelets",
            "transfusion of platelets, one adult dose",
            "proc-platelet-transfusion",
            "12719002",
            _PLATELET_NOTE,
        ),
        "platelets-child": _service(
            "Transfusion of platelets",
            "transfusion of platelets, by weight",
            "proc-platelet-transfusion",
            "12719002",
            _PLATELET_NOTE,
        ),
        "cbc": _service("Complete blood count", "blood count", "order-cbc", "58410-2"),
        "cbc-after-platelets": _service(
            "Complete blood count",
            "blood count 10 to 60 minutes after the transfusion",
            "order-cbc",
            "58410-2",
            "Draw 10 to 60 minutes after the end of the transfusion.",
        ),
        "cbc-film": _service(
            "Complete blood count with blood film",
            "blood count with film",
            "order-cbc",
            "58410-2",
            "With blood film.",
        ),
        "cbc-hematocrit": _service(
            "Complete blood count with haematocrit", "blood count with haematocrit", "order-cbc", "58410-2"
        ),
        "blood-film": _service("Blood film", "blood film"),
        "citrate-count": _service(
            "Platelet count in a citrate tube, with blood film", "platelet count in a citrate tube, with film"
        ),
        "coagulation": _service(
            "PT, aPTT, fibrinogen, D-dimer", "coagulation screen with fibrinogen and D-dimer"
        ),
        "haemolysis": _service(
            "LDH, haptoglobin, bilirubin, reticulocytes, direct antiglobulin test", "haemolysis tests"
        ),
        "adamts13": _service(
            "ADAMTS13 activity (sample before plasma)", "ADAMTS13 activity, sample before plasma"
        ),
        "pf4": _service("Heparin PF4 antibody immunoassay", "heparin PF4 antibody immunoassay"),
        "haematology": _service("Haematology consultation", "haematology consultation"),
        "infectious-diseases": _service(
            "Infectious diseases consultation", "infectious diseases consultation"
        ),
        "obstetrics": _service("Obstetric consultation", "obstetric consultation"),
        "nephrology": _service("Nephrology consultation", "nephrology consultation"),
        "gastroenterology": _service("Gastroenterology consultation", "gastroenterology consultation"),
        "cardiology": _service("Cardiology consultation", "cardiology consultation"),
        "ct-head": _service(
            "CT of the head without contrast", "CT of the head", "order-ct-head", "303653007"
        ),
        "group-and-screen": _service(
            "Blood group and antibody screen", "group and screen", "order-type-screen"
        ),
        "blood-culture": _service(
            "Blood cultures, two sets", "two sets of blood cultures", "order-blood-culture"
        ),
        "meningococcus-pcr": _service("Meningococcal PCR in blood", "meningococcal PCR in blood"),
        "lactate": _service("Lactate in blood", "lactate"),
        "workup": _service(
            "Thrombocytopenia work-up: film, reticulocytes, coagulation, liver tests, creatinine, HIV, HCV",
            "basic work-up of thrombocytopenia",
        ),
        "fever-workup": _service(
            "Fever with thrombocytopenia: blood cultures, serology and travel tests as indicated",
            "tests for fever with thrombocytopenia",
        ),
        "h-pylori-test": _service(
            "Helicobacter pylori stool antigen or urea breath test",
            "H. pylori stool antigen or urea breath test",
            "order-h-pylori",
        ),
        "dengue-test": _service(
            "Dengue NS1 antigen or PCR, IgM from day 4", "dengue NS1 antigen or PCR, and IgM"
        ),
        "ebv-test": _service(
            "Heterophile antibody or EBV VCA IgM and EBNA", "heterophile antibody or EBV serology"
        ),
        "medication-review": _service("Medication review by a clinician or pharmacist", "medication review"),
        "creatinine": _service("Creatinine with eGFR", "creatinine with eGFR"),
        "liver-tests": _service("Liver tests: ALT, AST, bilirubin", "liver tests"),
        "paracetamol": Template(
            "MedicationRequest",
            "Paracetamol (dose by local formulary)",
            "paracetamol, dose by local formulary",
            "med-paracetamol",
        ),
        "stec-test": _service("Stool culture and Shiga toxin test", "stool culture and Shiga toxin test"),
        "hlh-tests": _service(
            "Ferritin, triglycerides, fibrinogen", "ferritin, triglycerides and fibrinogen"
        ),
        "spleen-imaging": _service("Ultrasound or CT of the abdomen: spleen", "imaging of the spleen"),
        "surgery": _service("Surgical consultation", "surgical consultation"),
        "ceftriaxone": Template(
            "MedicationRequest", "Ceftriaxone", "ceftriaxone intravenously", "med-cephalosporin", "2193"
        ),
        "g6pd": _service("G6PD activity, quantitative", "quantitative G6PD activity"),
        "hepatitis-b": _service("HBsAg, anti-HBc and HBV DNA", "hepatitis B serology"),
        "inr": _service("INR", "INR"),
        "body-weight": _service("Measure body weight", "measurement of the body weight"),
        "hiv-rna": _service("HIV RNA", "HIV RNA"),
        "hbv-dna": _service("Hepatitis B virus DNA", "hepatitis B DNA"),
        "hcv-rna": _service("HCV RNA", "HCV RNA"),
        "hiv-test": _service("HIV antigen and antibody test, RNA if reactive", "HIV test"),
        "hiv-workup": _service(
            "HIV RNA, CD4 cells, resistance genotype; tests for hepatitis C, tuberculosis and syphilis",
            "tests before antiretroviral therapy",
        ),
        "hbv-workup": _service("HBsAg, anti-HBc, HBV DNA, anti-HDV, HIV", "tests for hepatitis B and D"),
        "elastography": _service("Elastography of the liver", "elastography of the liver"),
        "hepatology": _service("Hepatology consultation", "hepatology consultation"),
        "cmv-test": _service("CMV DNA in plasma, IgM with avidity", "CMV DNA and IgM"),
        "vzv-test": _service("VZV DNA from a lesion", "VZV DNA from a lesion"),
        "hsv-test": _service("HSV DNA in blood, cerebrospinal fluid and lesions", "HSV DNA"),
        "b19-test": _service("Parvovirus B19 DNA and IgM", "parvovirus B19 DNA and IgM"),
        "reticulocytes": _service("Blood count with reticulocytes", "blood count with reticulocytes"),
        "measles-rubella-test": _service("Measles and rubella IgM and RNA", "measles and rubella tests"),
        "zika-test": _service("Zika virus RNA and IgM", "Zika virus RNA and IgM"),
        "chikungunya-test": _service("Chikungunya virus RNA and IgM", "chikungunya virus RNA and IgM"),
        "malaria-test": _service(
            "Malaria: thick and thin films, three times, or antigen test; species and parasitaemia",
            "malaria films or antigen test",
        ),
        "malaria-severity": _service(
            "Parasitaemia, glucose, lactate, creatinine, bilirubin, blood count, G6PD activity",
            "tests for the severity of malaria, and G6PD",
        ),
        "rickettsia-test": _service(
            "Ehrlichia and Anaplasma DNA in blood; paired rickettsial serology",
            "tests for tick-borne infection",
        ),
        "leptospira-test": _service("Leptospira DNA and microscopic agglutination", "leptospirosis tests"),
        "brucella-test": _service(
            "Blood culture for Brucella and agglutination test",
            "brucellosis tests",
            note="Possible Brucella: tell the laboratory before it opens the culture.",
        ),
        "echocardiography": _service("Echocardiography", "echocardiography"),
        "endocarditis-culture": _service("Blood cultures, three sets", "three sets of blood cultures"),
        "tuberculosis-test": _service(
            "Mycobacterium tuberculosis nucleic acid test and culture; HIV test", "tuberculosis tests"
        ),
        "leishmania-test": _service("Leishmania rK39 antibody and DNA", "leishmaniasis tests"),
        "babesia-test": _service(
            "Blood film for Babesia with parasitaemia, Babesia DNA; Lyme and Anaplasma tests",
            "babesiosis tests",
        ),
        "hantavirus-test": _service("Hantavirus IgM and RNA", "hantavirus tests"),
        "sfts-test": _service("SFTS virus RNA", "SFTS virus RNA"),
        "sars-cov-2-test": _service("SARS-CoV-2 RNA or antigen", "SARS-CoV-2 test"),
        "influenza-test": _service("Influenza RNA or antigen", "influenza test"),
        "adenovirus-test": _service("Adenovirus DNA", "adenovirus DNA"),
    }
)


def check(templates: Mapping[str, Template], terminology: Terminology) -> None:
    """Stops the start (LookupError) when a template names a code that may not be emitted."""
    for name, template in templates.items():
        try:
            template.coding(terminology)
        except LookupError as error:
            raise LookupError(f"draft {name}: {error}") from error
