"""Every source once: its key, the label that a card shows, its address, and how far its text was confirmed.

`read` says what was seen of the source when its numbers were taken: a clinician must read the primary document
before a rule goes into use. Grades stand with the recommendation (`evidence:` in the words), for one source gives many.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cards.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """`label` is short enough for `source.label`; `url` is None where no address was confirmed."""

    label: str
    title: str
    year: int | None  # None where it was not seen
    url: str | None
    read: str


def _doi(name: str) -> str:
    return f"https://doi.org/{name}"


_FULL = "read in full"
_SUMMARY = "recommendations confirmed in a summary or reproduced table"
_ABSTRACT = "abstract confirmed"
_LABEL = "the numbers used were confirmed in the label"
_SECONDARY = "confirmed in secondary sources"
_SCOPE = "scope confirmed; numbers from knowledge"

CITATIONS: Mapping[str, Citation] = MappingProxyType(
    {
        "SEED": Citation(
            "Baseline rule of this service", "Lay article on which the baseline rules rest; without references", 2025,
            None, _FULL,
        ),
        "DESIGN": Citation(
            "Design of this service, for local sign-off", "A choice that no guideline fixes", 2026, None, _FULL,
        ),
        "AABB25": Citation(
            "AABB and ICTMG guideline on platelet transfusion, 2025",
            "Metcalf RA et al. Platelet transfusion: 2025 AABB and ICTMG international clinical practice guidelines. JAMA",
            2025, _doi("10.1001/jama.2025.7529"), _SUMMARY,
        ),
        "AABB15": Citation(
            "AABB guideline on platelet transfusion, 2015",
            "Kaufman RM et al. Platelet transfusion. Ann Intern Med 162:205-213 (superseded in 2025)",
            2015, _doi("10.7326/M14-1589"), _SUMMARY,
        ),
        "BSH17": Citation(
            "BSH guideline on platelet transfusion, 2017",
            "Estcourt LJ et al. Guidelines for the use of platelet transfusions. Br J Haematol 176:365-394",
            2017, _doi("10.1111/bjh.14423"), _SUMMARY,
        ),
        "BSHPED16": Citation(
            "BSH guideline on transfusion for fetuses, neonates and children, 2016",
            "New HV et al. Transfusion for fetuses, neonates and older children",
            2016, _doi("10.1111/bjh.14233"), "existence confirmed; limits from knowledge",
        ),
        "LIFEB": Citation(
            "Australian Red Cross Lifeblood: platelets", "Platelet components, doses and increments", 2024,
            "https://transfusion.com.au", _SUMMARY,
        ),
        "ASH19": Citation(
            "ASH guideline on immune thrombocytopenia, 2019",
            "Neunert C et al. American Society of Hematology 2019 guidelines for ITP. Blood Adv 3:3829-3866",
            2019, _doi("10.1182/bloodadvances.2019000966"), _SUMMARY,
        ),
        "ASH11": Citation(
            "ASH guideline on immune thrombocytopenia, 2011",
            "Neunert C et al. ITP, with secondary forms. Blood 117:4190-4207",
            2011, _doi("10.1182/blood-2010-08-302984"), "testing for HCV and HIV and recommendation 7.1.A confirmed",
        ),
        "ZITEK22": Citation(
            "Review: immune thrombocytopenia in the emergency department, 2022",
            "Zitek T et al. Open Access Emerg Med 14:25-34", 2022, None, _SECONDARY,
        ),
        "ICR19": Citation(
            "International consensus report on ITP, 2019",
            "Provan D et al. Updated international consensus report. Blood Adv 3:3780-3817",
            2019, _doi("10.1182/bloodadvances.2019000812"), "emergency advice and table of target counts confirmed",
        ),
        "IWG09": Citation(
            "International working group: terms and outcomes of ITP, 2009",
            "Rodeghiero F et al. Blood 113:2386", 2009, _doi("10.1182/blood-2008-07-162503"), _SECONDARY,
        ),
        "SMOG13": Citation(
            "ITP bleeding assessment tool (SMOG), 2013", "Rodeghiero F et al. Blood 121:2596", 2013,
            _doi("10.1182/blood-2012-07-442392"), _SECONDARY,
        ),
        "WHOb": Citation("Modified WHO bleeding scale", "As written out in platelet trials", 2020, None, _SECONDARY),
        "SSC21": Citation(
            "Surviving Sepsis Campaign, 2021", "Evans L et al. International guidelines for sepsis and septic shock",
            2021, _doi("10.1007/s00134-021-06506-y"), "recommendations 12 to 15 confirmed",
        ),
        "SSC26": Citation(
            "Surviving Sepsis Campaign, 2026", "Prescott H et al. Crit Care Med", 2026,
            _doi("10.1097/CCM.0000000000007075"), "news summary only; full text not read",
        ),
        "SSC16": Citation(
            "Surviving Sepsis Campaign, 2016", "Rhodes A et al. Blood products", 2016, None, _SUMMARY,
        ),
        "BSHDIC": Citation(
            "BSH guideline on disseminated intravascular coagulation, 2009", "Levi M et al.", 2009, None, _SUMMARY,
        ),
        "ISTHDIC": Citation(
            "ISTH guidance on disseminated intravascular coagulation, 2013",
            "Wada H et al. Harmonised guidance. J Thromb Haemost 11:761", 2013, _doi("10.1111/jth.12155"), _SUMMARY,
        ),
        "DIC25": Citation(
            "ISTH SSC: definition and scoring of DIC, 2025", "Iba T et al. J Thromb Haemost 23:2356", 2025,
            _doi("10.1016/j.jtha.2025.03.038"), "abstract confirmed; cut-offs not read",
        ),
        "HIT18": Citation(
            "ASH guideline on heparin-induced thrombocytopenia, 2018", "Cuker A et al. Blood Adv 2:3360", 2018,
            _doi("10.1182/bloodadvances.2018024489"), _SUMMARY,
        ),
        "TTP20": Citation(
            "ISTH guideline on thrombotic thrombocytopenic purpura, 2020", "Zheng XL et al. J Thromb Haemost 18:2496",
            2020, _doi("10.1111/jth.15010"), _SUMMARY,
        ),
        "PLASMIC17": Citation("PLASMIC score, 2017", "Bendapudi PK et al.", 2017, None, _SECONDARY),
        "ARBO25": Citation(
            "WHO guideline on arboviral diseases, 2025", "Clinical management of arboviral diseases", 2025, None,
            "confirmed in press summaries",
        ),
        "DEN09": Citation(
            "WHO dengue guideline, 2009", "Dengue: diagnosis, treatment, prevention and control", 2009, None,
            "one quotation confirmed; rest from knowledge",
        ),
        "DENRCT": Citation(
            "Trial of prophylactic platelets in dengue, 2017", "Lye DC et al. Lancet 389:1611", 2017,
            _doi("10.1016/S0140-6736(17)30269-6"), _ABSTRACT,
        ),
        "ACG24": Citation(
            "ACG guideline on H. pylori, 2024", "Chey WD et al. Treatment of Helicobacter pylori infection", 2024,
            _doi("10.14309/ajg.0000000000002968"), _SUMMARY,
        ),
        "STASI09": Citation(
            "Review: H. pylori eradication in ITP, 2009", "Stasi R et al. Blood 113:1231", 2009,
            "https://ashpublications.org/blood/article/113/6/1231", _ABSTRACT,
        ),
        "ARNOLD09": Citation(
            "Review: H. pylori eradication with and without infection, 2009", "Arnold DM et al.", 2009, None, _ABSTRACT,
        ),
        "CDCRICK": Citation(
            "CDC guidance on tick-borne rickettsial diseases, 2016", "Biggs HM et al. MMWR RR 65(2)", 2016,
            "https://www.cdc.gov/mmwr/volumes/65/rr/rr6502a1.htm", _SUMMARY,
        ),
        "IDSABAB": Citation(
            "IDSA guideline on babesiosis, 2020", "Krause PJ et al.", 2020, _doi("10.1093/cid/ciaa1216"), _SUMMARY,
        ),
        "IDSADIA": Citation(
            "IDSA guideline on infectious diarrhoea, 2017", "Shane AL et al.", 2017, _doi("10.1093/cid/cix669"),
            "advice on Shiga toxin confirmed",
        ),
        "AASLDHCV": Citation(
            "AASLD-IDSA hepatitis C guidance", "Simplified treatment of treatment-naive adults", 2024,
            "https://www.hcvguidelines.org/treatment-naive/simplified-treatment", _SUMMARY,
        ),
        "NG240": Citation(
            "NICE NG240 on bacterial meningitis and meningococcal disease, 2024", "NICE guideline NG240", 2024,
            "https://www.nice.org.uk/guidance/ng240", "antibiotics within 1 hour confirmed",
        ),
        "PACER": Citation(
            "PACER trial, 2023", "van Baarle FLF et al. NEJM 388:1956", 2023, _doi("10.1056/NEJMoa2214322"), _ABSTRACT,
        ),
        "GCVLAB": Citation("Label of ganciclovir and valganciclovir", "US label", 2024, None, _LABEL),
        "WHOMAL": Citation("WHO guidelines for malaria", "Living guideline, text of 2022", 2022, None, _SUMMARY),
        "CDCMAL": Citation("CDC guidance on malaria treatment", "Severe malaria and treatment tables", 2024, None, _SUMMARY),
        "WHOSM": Citation("WHO handbook on severe malaria", "Artesunate doses", 2022, None, _SECONDARY),
        "CATISTH": Citation(
            "ISTH SSC: anticoagulation in thrombocytopenia with cancer, 2018", "Samuelson Bannow BT et al.", 2018, None,
            _SUMMARY,
        ),
        "EHA22": Citation(
            "EHA: antithrombotics in thrombocytopenia with cancer, 2022", "Falanga A et al. HemaSphere", 2022,
            _doi("10.1097/HS9.0000000000000750"), _SCOPE,
        ),
        "PATCH": Citation(
            "PATCH trial, 2016", "Baharoglu MI et al. Lancet 387:2605", 2016, _doi("10.1016/S0140-6736(16)30392-0"),
            _ABSTRACT,
        ),
        "AHAICH22": Citation(
            "AHA/ASA guideline on intracerebral haemorrhage, 2022", "Stroke", 2022,
            _doi("10.1161/STR.0000000000000407"), _SECONDARY,
        ),
        "HALTIT": Citation("HALT-IT trial, 2020", "Tranexamic acid in GI bleeding. Lancet 395:1927", 2020, None, _SUMMARY),
        "PLANET2": Citation(
            "PlaNeT-2 trial, 2019", "Curley A et al. NEJM; outcomes at 2 years ADC FN 108:452", 2019,
            _doi("10.1056/NEJMoa1807320"), _ABSTRACT,
        ),
        "SOAP21": Citation("SOAP statement on neuraxial procedures, 2021", "Bauer ME et al. Anesth Analg", 2021, None, _SUMMARY),
        "ITPPREG": Citation("ASH: ITP in pregnancy, 2025", "A practical approach. Hematology 2025;503", 2025, None, _SUMMARY),
        "LAB-ELT": Citation("Label of eltrombopag", "US label, June 2025", 2025, None, _LABEL),
        "LAB-ROM": Citation("Label of romiplostim", "US label", 2025, None, _LABEL),
        "LAB-AVA": Citation("Label of avatrombopag", "US label", 2025, None, _LABEL),
        "LAB-ALV": Citation("Label of eltrombopag choline", "US label", 2024, None, _LABEL),
        "LAB-WRS": Citation("Label of anti-D immunoglobulin", "US label of WinRho SDF", 2024, None, _LABEL),
        "LAB-IVIG": Citation("Label of intravenous immunoglobulin", "US boxed warning", 2024, None, _LABEL),
        "LAB-TXA": Citation("Label of tranexamic acid", "EU product information", 2024, None, _LABEL),
        "LAB-PAX": Citation("Label of nirmatrelvir with ritonavir", "US label", 2024, None, _LABEL),
        "LAB-GP": Citation("Label of glecaprevir with pibrentasvir", "EU leaflet", 2024, None, _LABEL),
        "LAB-SAL": Citation("Label of salicylates", "US Drug Facts", 2024, None, _LABEL),
        "CDCLEPTO": Citation("CDC page on leptospirosis", "For health-care workers", 2024, None, _SUMMARY),
        "IDSALEISH": Citation("IDSA/ASTMH guideline on leishmaniasis, 2016", "Aronson N et al.", 2016, None, "recommendation 50 confirmed"),
        "ETG": Citation("Therapeutic Guidelines: Antibiotic", "Brucellosis and typhoid (Australia)", 2024, None, _SUMMARY),
        "HHS": Citation("HHS guideline on antiretroviral agents", "Integrase inhibitor interactions", 2024, None, _SUMMARY),
        "IASUSA": Citation("IAS-USA recommendations on HIV treatment", "Start of therapy", 2022, None, _SECONDARY),
        "AAP": Citation("AAP on measles", "FAQ with Red Book vitamin A doses", 2024, None, _SUMMARY),
        "DITP13": Citation("Review: drug-induced immune thrombocytopenia, 2013", "Arnold DM et al.", 2013, None, _ABSTRACT),
        "AGA15": Citation("AGA guideline on hepatitis B reactivation, 2015", "Risk table", 2015, None, _SECONDARY),
        "CPIC22": Citation("CPIC guideline on G6PD, 2022", "With rasburicase 2014", 2022, None, _SUMMARY),
        "MMR10": Citation(
            "Review: thrombocytopenia after MMR vaccine, 2010", "Mantadakis E. J Pediatr", 2010,
            _doi("10.1016/j.jpeds.2009.10.015"), _ABSTRACT,
        ),
        "ACIP": Citation("ACIP general best practice", "Vaccines, immunoglobulin and intramuscular route", 2024, None, _SUMMARY),
        "CLUMP24": Citation("Pseudothrombocytopenia, 2024", "Review of frequency and handling", 2024, None, _SECONDARY),
        "CAPTODAY23": Citation("Platelet counts in citrate tubes, 2023", "CAP Today, December 2023", 2023, None, _SECONDARY),
        "ICU19": Citation("Review: thrombocytopenia in intensive care, 2019", "Falls from admission and mortality", 2019, None, _SECONDARY),
        "PSAILA09": Citation("ICH in childhood ITP, 2009", "Psaila B et al. Blood 114:4777", 2009, None, _SECONDARY),
        "CCI21": Citation(
            "Corrected count increment, 2021", "Cut-offs", 2021, _doi("10.1155/2021/5589768"), _SECONDARY,
        ),
        "HLH04": Citation(
            "HLH-2004 criteria and HScore, re-examined in 2024", "Haemophagocytic lymphohistiocytosis; Henter JI, Blood 144:2308",
            2024, None, _SECONDARY,
        ),
        "SERIES": Citation(
            "Published case series, as summarised for this service", "Observational reports without a guideline", None, None,
            _SECONDARY,
        ),
        "LAB-SOF": Citation("Label of sofosbuvir", "US label", 2024, None, _LABEL),
        "EACS": Citation("EACS guidelines on HIV", "When to defer; visceral leishmaniasis", None, None, _SUMMARY),
        "ASHM": Citation("ASHM guidance on HIV", "Drugs that lower platelets; relapse after an interruption", None, None, _SECONDARY),
        "LAB-ACV": Citation("Label of aciclovir", "US label and UK practice", None, None, _SECONDARY),
        "HSVNEO": Citation("Review of neonatal herpes (PMC5410863)", "Doses and durations", None, "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC5410863/", _SUMMARY),
        "CRABOL13": Citation("Review: parvovirus B19 and immunoglobulin, 2013", "Crabol Y et al.", 2013, None, _ABSTRACT),
        "HARRISON": Citation("Harrison's Principles of Internal Medicine", "Textbook", None, None, _SECONDARY),
        "CDCARBO": Citation("CDC pages on Zika and chikungunya", "For health-care workers", None, None, _SUMMARY),
        "KHATTAK14": Citation("Series: platelets in vivax malaria, 2014", "Khattak et al., 120 patients", 2014, None, _ABSTRACT),
        "BIA22": Citation("British Infection Association on enteric fever, 2022", "With a review in the BMJ, 2021 (n437)", 2022, None, _SUMMARY),
        "CDCXDR": Citation("CDC on extensively drug-resistant typhoid (PMC8669042)", "United States", None, "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC8669042/", _SUMMARY),
        "ESC23": Citation("ESC guideline on endocarditis, 2023", "With AHA advice", 2023, None, "named; not read"),
        "WHOTB22": Citation("WHO guideline on tuberculosis treatment, 2022", "Drug-susceptible tuberculosis", 2022, None, _SUMMARY),
        "TBART": Citation("Review of rifampicin and antiretroviral drugs (PMC8511382)", "Interactions", None, "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC8511382/", _SUMMARY),
        "MARROW05": Citation("Marrow or spleen aspirate in leishmaniasis, 2005", "Am J Trop Med Hyg", 2005, None, _SECONDARY),
        "RUSNAK09": Citation("Experience with intravenous ribavirin, 2009", "Rusnak et al.", 2009, None, _ABSTRACT),
        "LAB-FAV": Citation("Label of favipiravir", "Japanese label", None, None, _LABEL),
        "COVTHR20": Citation("ASH and ISTH advice on COVID-19, 2020", "As tabulated in Crit Care", 2020, None, _SECONDARY),
    }
)
"""By key, as `source:`, `evidence:` and `link:` of the words name them. A line may hold a whole citation."""
