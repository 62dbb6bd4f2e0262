"""Code systems: their names in the wild, and the check digits that unmask most invented codes.

LOINC and SNOMED CT codes end in a check digit (LOINC mod 10, SNOMED CT Verhoeff). URIs are normalised by
table, never guessed; an unknown one is kept as it is, so that a site's own system still matches exactly.
"""

from __future__ import annotations

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10_GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
UCUM = "http://unitsofmeasure.org"
CDC_RACE = "urn:oid:2.16.840.1.113883.6.238"  # race and ethnicity, as US Core writes them
_CATEGORY = 3  # characters of an ICD category: the dot comes after them
HL7 = "http://terminology.hl7.org/CodeSystem/"

HL7_SYSTEMS = frozenset(
    {
        HL7 + "allergyintolerance-clinical",
        HL7 + "allergyintolerance-verification",
        HL7 + "condition-category",
        HL7 + "condition-clinical",
        HL7 + "condition-ver-status",
        HL7 + "data-absent-reason",
        HL7 + "observation-category",
        HL7 + "v3-ActCode",
        HL7 + "v2-0371",
        HL7 + "v3-ObservationInterpretation",
        "http://hl7.org/fhir/CodeSystem/medicationrequest-status",
        "http://hl7.org/fhir/observation-status",
    }
)

HIERARCHICAL = frozenset({ICD_10, ICD_10_CM, ICD_10_GM, ATC})
"""Systems whose codes grow from their category, so that a prefix means the category and all below it."""

DRUGS = frozenset({RXNORM, ATC, CVX, SNOMED})
SYSTEMS = (
    frozenset({LOINC, SNOMED, RXNORM, ATC, CVX, ICD_10, ICD_10_CM, ICD_10_GM, UCUM, CDC_RACE}) | HL7_SYSTEMS
)
"""Systems that a shipped value set may use."""

_OIDS = {
    "2.16.840.1.113883.6.1": LOINC,
    "2.16.840.1.113883.6.96": SNOMED,
    "2.16.840.1.113883.6.88": RXNORM,
    "2.16.840.1.113883.6.73": ATC,
    "2.16.840.1.113883.12.292": CVX,
    "2.16.840.1.113883.6.3": ICD_10,
    "2.16.840.1.113883.6.90": ICD_10_CM,
    "2.16.840.1.113883.6.8": UCUM,
    "2.16.840.1.113883.6.238": CDC_RACE,
    "1.2.392.200119.4.101.6": ICD_10,  # Japan: the WHO edition of 2013
}

# Older and national URIs of a code system that is listed above.
_OTHER_NAMES = {
    "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full": ICD_10,
    "http://fhir.de/CodeSystem/dimdi/icd-10-gm": ICD_10_GM,
    "http://fhir.de/CodeSystem/bfarm/atc": ATC,
    "http://fhir.de/CodeSystem/dimdi/atc": ATC,
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10": ICD_10_CM,
    HL7 + "v3-Race": CDC_RACE,
    "http://hl7.org/fhir/v3/Race": CDC_RACE,
    "http://hl7.org/fhir/v2/0371": HL7 + "v2-0371",
    "http://hl7.org/fhir/v2/0078": HL7 + "v3-ObservationInterpretation",
    "http://terminology.hl7.org/CodeSystem/v2-0078": HL7 + "v3-ObservationInterpretation",
    "http://hl7.org/fhir/v3/ObservationInterpretation": HL7 + "v3-ObservationInterpretation",
    "http://hl7.org/fhir/observation-category": HL7 + "observation-category",
    "http://hl7.org/fhir/condition-category": HL7 + "condition-category",
    "http://hl7.org/fhir/v3/ActCode": HL7 + "v3-ActCode",
    "http://hl7.org/fhir/condition-clinical": HL7 + "condition-clinical",
    "http://hl7.org/fhir/condition-ver-status": HL7 + "condition-ver-status",
    "http://hl7.org/fhir/data-absent-reason": HL7 + "data-absent-reason",
}

_NAMES = (
    {system: system for system in SYSTEMS}
    | {f"{prefix}{oid}": system for oid, system in _OIDS.items() for prefix in ("", "urn:oid:")}
    | _OTHER_NAMES
)


def normalise_system(uri: str) -> str:
    """The URI under which the value sets know a code system; an unknown URI comes back unchanged.

    Known: `urn:oid:` forms, https for http, a trailing slash, a version after `|`, SNOMED CT editions
    (`http://snomed.info/sct/...`), older HL7 and national URIs.
    """
    known = _NAMES.get(uri)
    if known is not None:
        return known
    plain = uri.partition("|")[0].rstrip("/")
    if plain.startswith("https://"):
        plain = "http://" + plain.removeprefix("https://")
    if plain.startswith(SNOMED + "/"):
        return SNOMED
    return _NAMES.get(plain, uri)


def normalise_coding(system: str, code: str) -> tuple[str, str]:
    """System and code as the value sets know them.

    ICD and ATC letters are read in either case (no two codes differ by case alone). ICD codes without their
    dot (MIMIC, claims) get it back: its place after the third character is fixed. The German ICD-10-GM is the
    WHO edition down to the fourth character; its fifth changes meanings (leukaemia in remission), so longer
    codes stay its own and match only where a set lists them.
    """
    system = normalise_system(system)
    if system in HIERARCHICAL:
        code = code.upper()
        if system != ATC and len(code) > _CATEGORY and "." not in code and "-" not in code:
            code = f"{code[:_CATEGORY]}.{code[_CATEGORY:]}"
        if system == ICD_10_GM and len(code) <= len("A41.9"):
            system = ICD_10
    return system, code


def check_digit_error(system: str, code: str) -> str | None:
    """Why a LOINC or SNOMED CT code cannot exist, or None."""
    if system == LOINC and not is_loinc(code):
        return "fails the LOINC check digit"
    if system == SNOMED and not is_sctid(code):
        return "fails the SNOMED CT check digit"
    return None


def is_loinc(code: str) -> bool:
    """Whether a LOINC code (answers `LA...`, parts `LP...` too) has the form and mod 10 digit of one."""
    number, dash, check = code.partition("-")
    digits = number.removeprefix("LA").removeprefix("LP")
    if not (dash and _is_digits(digits) and len(digits) <= 7 and _is_digits(check) and len(check) == 1):
        return False
    values = [ord(character) - ord("0") for character in reversed(number)]  # letters count on: A = 17, L = 28
    doubled = sum(2 * value - 9 * (value // 5) for value in values[::2])
    return (doubled + sum(values[1::2]) + int(check)) % 10 == 0


def is_sctid(code: str) -> bool:
    """Whether a SNOMED CT identifier has 6 to 18 digits and the right Verhoeff check digit."""
    if not (_is_digits(code) and 6 <= len(code) <= 18) or code[0] == "0":
        return False
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = _MULTIPLY[check][_PERMUTE[position % 8][int(digit)]]
    return check == 0


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


# Verhoeff's tables: multiplication in the dihedral group D5, and powers of his permutation.
_MULTIPLY = tuple(
    tuple((a + b) % 5 + b // 5 * 5 if a < 5 else (a - b) % 5 + (1 - b // 5) * 5 for b in range(10))
    for a in range(10)
)
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_PERMUTE = [tuple(range(10))]
for _ in range(7):
    _PERMUTE.append(tuple(_PERMUTATION[digit] for digit in _PERMUTE[-1]))
